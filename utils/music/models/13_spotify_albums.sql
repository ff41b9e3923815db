-- What Spotify says of albums.
-- grain: one row an id of Spotify
-- key: spotify_album_id
SELECT
    id AS spotify_album_id,
    nullif(d.title, '') AS title,
    lower(d.album_type) AS album_type,
    d.released,
    nullif(d.label, '') AS label,
    CASE WHEN d.tracks > 0 THEN d.tracks END AS tracks,
    nullif(d.artists[1].id, '') AS spotify_artist_id,
    nullif(d.artists[1].name, '') AS artist
FROM (
    SELECT id, from_json(document, '{"title": "VARCHAR", "album_type": "VARCHAR",
        "released": "VARCHAR", "label": "VARCHAR", "tracks": "INTEGER",
        "artists": [{"id": "VARCHAR", "name": "VARCHAR"}]}') AS d
    FROM entities
    WHERE source = 'spotify' AND kind = 'album' AND found AND document IS NOT NULL
)
