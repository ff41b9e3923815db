-- What services merged into something else, and what that is called now.
-- grain: one row a thing that was merged
-- key: source, kind, id
-- Chains are followed to their end; a circle, which no service should tell, leads back to itself.
WITH RECURSIVE steps AS (
    SELECT source, kind, id, canonical_id AS now_id, 1 AS depth
    FROM entities
    WHERE canonical_id IS NOT NULL AND canonical_id <> id
    UNION ALL
    SELECT s.source, s.kind, s.id, e.canonical_id, s.depth + 1
    FROM steps s
    JOIN entities e ON e.source = s.source AND e.kind = s.kind AND e.id = s.now_id
    WHERE e.canonical_id IS NOT NULL AND e.canonical_id <> e.id AND s.depth < 8
)
SELECT source, kind, id, arg_max(now_id, depth) AS now_id
FROM steps
GROUP BY source, kind, id
