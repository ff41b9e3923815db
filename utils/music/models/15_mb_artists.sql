-- What MusicBrainz says of artists, by the id that each goes by now.
-- grain: one row an artist
-- key: artist_mbid
SELECT
    coalesce(m.now_id, e.id) AS artist_mbid,
    nullif(d.name, '') AS name,
    nullif(d.sort_name, '') AS sort_name,
    nullif(d.type, '') AS artist_type,
    coalesce(nullif(d.area_id, ''), nullif(d.begin_area_id, '')) AS area_id,
    CASE WHEN regexp_full_match(upper(d.country), '[A-Z]{2}') THEN upper(d.country) END AS country,
    nullif(d.began, '') AS began,
    nullif(d.ended, '') AS ended,
    coalesce(d.aliases, []) AS aliases,
    CASE WHEN len(d.genres) > 0 THEN d.genres ELSE coalesce(d.tags, []) END AS genres
FROM (
    SELECT id, fetched_at, from_json(document, '{"name": "VARCHAR", "sort_name": "VARCHAR",
        "type": "VARCHAR", "area_id": "VARCHAR", "begin_area_id": "VARCHAR",
        "country": "VARCHAR", "began": "VARCHAR", "ended": "VARCHAR", "aliases": ["VARCHAR"],
        "tags": [{"name": "VARCHAR", "count": "INTEGER"}],
        "genres": [{"name": "VARCHAR", "count": "INTEGER"}]}') AS d
    FROM entities
    WHERE source = 'musicbrainz' AND kind = 'artist' AND found AND document IS NOT NULL
) e
LEFT JOIN merged m ON m.source = 'musicbrainz' AND m.kind = 'artist' AND m.id = e.id
QUALIFY row_number() OVER (
    PARTITION BY coalesce(m.now_id, e.id) ORDER BY m.now_id IS NULL DESC, e.fetched_at DESC, e.id
) = 1
