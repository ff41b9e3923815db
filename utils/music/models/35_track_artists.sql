-- The one artist of a track: what is known by ids before what is known by name, then by plays.
-- grain: one row a track
-- key: track_key
SELECT track_key, artist_key
FROM (
    SELECT track_key, artist_key, sum(plays) AS plays
    FROM artists_of
    GROUP BY 1, 2
)
QUALIFY row_number() OVER (
    PARTITION BY track_key
    ORDER BY
        artist_key IS NULL,
        CASE split_part(artist_key, ':', 1) WHEN 'mbid' THEN 0 WHEN 'spotify' THEN 1 ELSE 2 END,
        plays DESC,
        artist_key
) = 1
