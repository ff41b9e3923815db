-- Which artist of MusicBrainz an artist of Spotify is: by name or alias, else by what most of
-- the recordings that both have say.
-- grain: one row an artist of Spotify
-- key: spotify_artist_id
WITH names_of AS (
    SELECT DISTINCT artist_mbid, folded
    FROM (
        SELECT artist_mbid, name FROM mb_artists
        UNION ALL SELECT artist_mbid, sort_name FROM mb_artists
        UNION ALL SELECT artist_mbid, unnest(aliases) FROM mb_artists
        UNION ALL SELECT artist_mbid, artist FROM mb_recordings
    )
    JOIN names USING (name)
    WHERE names.kind = 'artist'
),
pairs AS (
    SELECT i.spotify_artist_id, r.artist_mbid, count(DISTINCT i.recording_mbid) AS votes,
        bool_or(o.folded IS NOT NULL) AS is_named
    FROM identified i
    JOIN mb_recordings r USING (recording_mbid)
    LEFT JOIN names n ON n.kind = 'artist' AND n.name = i.spotify_artist
    LEFT JOIN names_of o ON o.artist_mbid = r.artist_mbid AND o.folded = n.folded
    WHERE i.spotify_artist_id IS NOT NULL AND r.artist_mbid IS NOT NULL
    GROUP BY 1, 2
),
weighed AS (
    SELECT *, sum(votes) OVER (PARTITION BY spotify_artist_id) AS all_votes FROM pairs
)
SELECT spotify_artist_id, artist_mbid
FROM weighed
WHERE is_named OR 2 * votes > all_votes
QUALIFY row_number() OVER (
    PARTITION BY spotify_artist_id ORDER BY is_named DESC, votes DESC, artist_mbid
) = 1
