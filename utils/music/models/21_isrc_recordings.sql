-- Which recordings an ISRC is: most are one; where it was given twice, the title tells which.
-- grain: one row an ISRC and a recording
-- key: isrc, recording_mbid
WITH told AS (
    SELECT e.id AS isrc, r.id AS recording_id, r.title
    FROM (
        SELECT id, unnest(from_json(document,
            '{"recordings": [{"id": "VARCHAR", "title": "VARCHAR"}]}').recordings) AS r
        FROM entities
        WHERE source = 'musicbrainz' AND kind = 'isrc' AND found AND document IS NOT NULL
    ) e
    UNION ALL
    SELECT unnest(isrcs), recording_mbid, title FROM mb_recordings
),
now AS (
    SELECT t.isrc, coalesce(m.now_id, t.recording_id) AS recording_mbid,
        min(coalesce(r.title, t.title)) AS title
    FROM told t
    LEFT JOIN merged m
        ON m.source = 'musicbrainz' AND m.kind = 'recording' AND m.id = t.recording_id
    LEFT JOIN mb_recordings r ON r.recording_mbid = coalesce(m.now_id, t.recording_id)
    WHERE t.isrc IS NOT NULL AND t.recording_id IS NOT NULL
    GROUP BY 1, 2
)
SELECT
    isrc,
    recording_mbid,
    folded AS folded_title,
    count(*) OVER (PARTITION BY isrc) AS of_isrc,
    count(*) OVER (PARTITION BY isrc, folded) AS of_title
FROM now
LEFT JOIN names ON names.kind = 'title' AND names.name = now.title
