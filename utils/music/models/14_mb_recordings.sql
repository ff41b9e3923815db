-- What MusicBrainz says of recordings, by the id that each goes by now.
-- grain: one row a recording
-- key: recording_mbid
SELECT
    coalesce(m.now_id, e.id) AS recording_mbid,
    nullif(d.title, '') AS title,
    CASE WHEN d.length_ms > 0 THEN d.length_ms END AS length_ms,
    coalesce(a.now_id, d.artists[1].id) AS artist_mbid,
    nullif(d.artists[1].name, '') AS artist,
    d.release_groups,
    d.isrcs
FROM (
    SELECT id, fetched_at, from_json(document, '{"title": "VARCHAR", "length_ms": "BIGINT",
        "artists": [{"id": "VARCHAR", "name": "VARCHAR"}],
        "release_groups": [{"id": "VARCHAR", "title": "VARCHAR", "type": "VARCHAR",
                            "first_released": "VARCHAR"}], "isrcs": ["VARCHAR"]}') AS d
    FROM entities
    WHERE source = 'musicbrainz' AND kind = 'recording' AND found AND document IS NOT NULL
) e
LEFT JOIN merged m ON m.source = 'musicbrainz' AND m.kind = 'recording' AND m.id = e.id
LEFT JOIN merged a
    ON a.source = 'musicbrainz' AND a.kind = 'artist' AND a.id = e.d.artists[1].id
QUALIFY row_number() OVER (
    PARTITION BY coalesce(m.now_id, e.id) ORDER BY m.now_id IS NULL DESC, e.fetched_at DESC, e.id
) = 1
