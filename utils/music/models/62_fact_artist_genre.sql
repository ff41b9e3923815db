-- Which genres an artist has, and how much; MusicBrainz's weights before Spotify's plain list.
-- grain: one row an artist and a genre
-- key: artist_key, genre_key
-- range: weight = 0..1
-- accepted: source = spotify, musicbrainz
-- relation: artist_key = dim_artist.artist_key
-- relation: genre_key = dim_artist_genre.genre_key
WITH summed AS (
    SELECT artist_key, genre_key, source, sum(votes) AS votes
    FROM genres
    GROUP BY ALL
),
weighed AS (
    SELECT *, CASE
        WHEN source = 'spotify' THEN 1.0
        ELSE votes / max(votes) OVER (PARTITION BY artist_key, source)
    END AS weight
    FROM summed
)
SELECT artist_key, genre_key, weight::DOUBLE AS weight, source
FROM weighed
QUALIFY row_number() OVER (PARTITION BY artist_key, genre_key ORDER BY source) = 1
