-- Areas of artists: what geography says of them, else the country up the way of their parents.
-- grain: one row an area, by the id that it goes by now
-- key: area_mbid
-- A circle of parents ends after twelve steps.
WITH RECURSIVE areas AS (
    SELECT coalesce(m.now_id, e.id) AS area_mbid, d.name,
        coalesce(p.now_id, d.parent_id) AS parent_id,
        upper(d.iso_3166_1[1]) AS code
    FROM (
        SELECT id, fetched_at, from_json(document, '{"name": "VARCHAR", "parent_id": "VARCHAR",
            "iso_3166_1": ["VARCHAR"]}') AS d
        FROM entities
        WHERE source = 'musicbrainz' AND kind = 'area' AND found AND document IS NOT NULL
    ) e
    LEFT JOIN merged m ON m.source = 'musicbrainz' AND m.kind = 'area' AND m.id = e.id
    LEFT JOIN merged p ON p.source = 'musicbrainz' AND p.kind = 'area' AND p.id = e.d.parent_id
    QUALIFY row_number() OVER (
        PARTITION BY coalesce(m.now_id, e.id)
        ORDER BY m.now_id IS NULL DESC, e.fetched_at DESC, e.id
    ) = 1
),
ways AS (
    SELECT area_mbid, name, code, parent_id, 0 AS depth FROM areas
    UNION ALL
    SELECT w.area_mbid, a.name, a.code, a.parent_id, w.depth + 1
    FROM ways w
    JOIN areas a ON a.area_mbid = w.parent_id
    WHERE w.code IS NULL AND w.depth < 12
),
countries AS (
    SELECT area_mbid, arg_min(code, depth) AS code, arg_min(name, depth) AS country
    FROM ways
    WHERE code IS NOT NULL
    GROUP BY area_mbid
),
places AS (
    SELECT id AS area_mbid, from_json(document, '{"country_code": "VARCHAR",
        "country": "VARCHAR", "continent": "VARCHAR", "latitude": "DOUBLE",
        "longitude": "DOUBLE"}') AS d
    FROM entities
    WHERE source = 'geography' AND kind = 'area' AND found AND document IS NOT NULL
)
SELECT
    area_mbid,
    a.name AS area,
    coalesce(upper(p.d.country_code), c.code) AS country_code,
    coalesce(p.d.country, c.country) AS country,
    p.d.continent AS continent,
    CASE WHEN abs(p.d.latitude) <= 90 THEN p.d.latitude END AS latitude,
    CASE WHEN abs(p.d.longitude) <= 180 THEN p.d.longitude END AS longitude
FROM areas a
FULL JOIN places p USING (area_mbid)
LEFT JOIN countries c USING (area_mbid)
