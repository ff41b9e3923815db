-- Artists of what is played, where an id says who it is.
-- grain: one row for plays that tell the same of their track
-- key: identity
-- not_null: artist_key
SELECT identity, artist_key
FROM (
    SELECT
        i.identity,
        coalesce(
            'mbid:' || i.told_artist,
            'mbid:' || l.artist_mbid,
            'spotify:' || i.spotify_artist_id,
            'mbid:' || r.artist_mbid
        ) AS artist_key
    FROM identified i
    LEFT JOIN artist_links l USING (spotify_artist_id)
    LEFT JOIN mb_recordings r ON r.recording_mbid = i.recording_mbid
)
WHERE artist_key IS NOT NULL
