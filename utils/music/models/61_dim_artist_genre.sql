-- Genres of the artists; each is written as most write it.
-- grain: one row a genre
-- key: genre_key
-- not_null: genre
SELECT genre_key, first(genre ORDER BY artists DESC, genre) AS genre
FROM (
    SELECT genre_key, genre, count(*) AS artists
    FROM genres
    GROUP BY genre_key, genre
)
GROUP BY genre_key
