-- What Spotify says of tracks.
-- grain: one row an id of Spotify
-- key: spotify_track_id
SELECT
    id AS spotify_track_id,
    d.title,
    CASE
        WHEN regexp_full_match(plain_isrc, '[A-Z]{2}[A-Z0-9]{3}[0-9]{7}') THEN plain_isrc
    END AS isrc,
    CASE WHEN d.duration_ms > 0 THEN d.duration_ms END AS duration_ms,
    d.explicit AS is_explicit,
    nullif(d.album_id, '') AS spotify_album_id,
    nullif(d.artists[1].id, '') AS spotify_artist_id,
    nullif(d.artists[1].name, '') AS spotify_artist
FROM (
    SELECT id, d, regexp_replace(upper(d.isrc), '[^A-Z0-9]', '', 'g') AS plain_isrc
    FROM (
        SELECT id, from_json(document, '{"title": "VARCHAR", "isrc": "VARCHAR",
            "duration_ms": "BIGINT", "explicit": "BOOLEAN", "album_id": "VARCHAR",
            "artists": [{"id": "VARCHAR", "name": "VARCHAR"}]}') AS d
        FROM entities
        WHERE source = 'spotify' AND kind = 'track' AND found AND document IS NOT NULL
    )
)
