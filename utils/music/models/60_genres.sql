-- What services call the music of artists, with how many at MusicBrainz agree.
-- grain: none: a service may tell a genre in several ways of writing
WITH told AS (
    SELECT a.artist_key, 'spotify' AS source, unnest(s.genres) AS genre, 1 AS votes
    FROM dim_artist a
    JOIN (
        SELECT coalesce('mbid:' || l.artist_mbid, 'spotify:' || s.spotify_artist_id) AS artist_key,
            s.genres
        FROM spotify_artists s
        LEFT JOIN artist_links l USING (spotify_artist_id)
    ) s USING (artist_key)
    UNION ALL
    SELECT a.artist_key, 'musicbrainz', m.g.name, m.g.count
    FROM dim_artist a
    JOIN (SELECT artist_mbid, unnest(genres) AS g FROM mb_artists) m USING (artist_mbid)
)
SELECT t.artist_key, t.source, n.folded AS genre_key, t.genre, greatest(coalesce(t.votes, 1), 1) AS votes
FROM told t
JOIN names n ON n.kind = 'name' AND n.name = t.genre
WHERE n.folded <> '' AND coalesce(t.votes, 1) >= 0
