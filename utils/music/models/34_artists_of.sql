-- The artist of what is played: by id, else by a name that one artist has, else by the name.
-- grain: one row for plays that tell the same of their track
-- key: identity
SELECT
    i.identity,
    i.track_key,
    i.album_key,
    i.artist,
    i.plays,
    coalesce(
        d.artist_key,
        n.artist_key,
        CASE
            WHEN i.folded_artist <> '' THEN 'name:' || substr(sha256(i.folded_artist), 1, 32)
        END
    ) AS artist_key
FROM identified i
LEFT JOIN artists_by_id d USING (identity)
LEFT JOIN artists_by_name n ON n.folded = i.folded_artist
