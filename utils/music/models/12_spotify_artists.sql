-- What Spotify says of artists.
-- grain: one row an id of Spotify
-- key: spotify_artist_id
SELECT id AS spotify_artist_id, nullif(d.name, '') AS name, d.genres
FROM (
    SELECT id, from_json(document, '{"name": "VARCHAR", "genres": ["VARCHAR"]}') AS d
    FROM entities
    WHERE source = 'spotify' AND kind = 'artist' AND found AND document IS NOT NULL
)
