-- Which recordings an ISRC is, the chosen one first (docs/music.md); one that was given twice is
-- told apart by the title. What was refused as wrong is not among them. Of an ISRC that was not
-- asked for, a recording that says to have it.
-- grain: one row an ISRC and a recording
-- key: isrc, recording_mbid
WITH asked AS (
    SELECT id AS isrc, from_json(document,
        '{"recordings": [{"id": "VARCHAR", "title": "VARCHAR"}]}').recordings AS recordings
    FROM entities
    WHERE source = 'musicbrainz' AND kind = 'isrc' AND found AND document IS NOT NULL
),
told AS (
    SELECT isrc, unnest(recordings) AS r, generate_subscripts(recordings, 1) AS place
    FROM asked
),
said AS (
    SELECT isrc, r.id AS recording_id, r.title, place FROM told
    UNION ALL
    SELECT isrc, recording_mbid, title, NULL
    FROM (SELECT unnest(isrcs) AS isrc, recording_mbid, title FROM mb_recordings)
    WHERE isrc NOT IN (SELECT isrc FROM asked)
),
now AS (
    SELECT s.isrc, coalesce(m.now_id, s.recording_id) AS recording_mbid,
        min(coalesce(r.title, s.title)) AS title, min(s.place) AS place
    FROM said s
    LEFT JOIN merged m
        ON m.source = 'musicbrainz' AND m.kind = 'recording' AND m.id = s.recording_id
    LEFT JOIN mb_recordings r ON r.recording_mbid = coalesce(m.now_id, s.recording_id)
    WHERE s.isrc IS NOT NULL AND s.recording_id IS NOT NULL
    GROUP BY 1, 2
)
SELECT
    isrc,
    recording_mbid,
    folded AS folded_title,
    count(*) OVER (PARTITION BY isrc, folded) AS of_title,
    place IS NOT DISTINCT FROM min(place) OVER (PARTITION BY isrc)
        AND (place IS NOT NULL OR count(*) OVER (PARTITION BY isrc) = 1) AS is_chosen
FROM now
LEFT JOIN names ON names.kind = 'title' AND names.name = now.title
