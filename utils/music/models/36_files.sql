-- The file of the library that a track is: by recording, ISRC, Spotify's id, else by its names
-- where no other recording and no other ISRC speaks against it.
-- grain: one row a track that is there as a file
-- key: track_key
WITH files AS (
    SELECT
        f.item_id, f.isrc, f.spotify_track_id, f.score,
        coalesce(m.now_id, f.recording_mbid) AS recording_mbid,
        t.folded AS folded_track,
        a.folded AS folded_artist
    FROM recordings f
    LEFT JOIN merged m
        ON m.source = 'musicbrainz' AND m.kind = 'recording' AND m.id = f.recording_mbid
    LEFT JOIN names t ON t.kind = 'title' AND t.name = f.title
    LEFT JOIN names a ON a.kind = 'artist' AND a.name = f.artist
),
found AS (
    SELECT i.track_key, f.item_id, f.score, 1 AS how
    FROM identified i JOIN files f USING (recording_mbid)
    UNION ALL
    SELECT i.track_key, f.item_id, f.score, 2 FROM identified i JOIN files f USING (isrc)
    UNION ALL
    SELECT i.track_key, f.item_id, f.score, 3
    FROM identified i JOIN files f USING (spotify_track_id)
    UNION ALL
    SELECT i.track_key, f.item_id, f.score, 4
    FROM identified i JOIN files f USING (folded_track, folded_artist)
    WHERE folded_track <> '' AND folded_artist <> ''
        AND coalesce(i.recording_mbid <> f.recording_mbid, false) = false
        AND coalesce(i.isrc <> f.isrc, false) = false
)
SELECT track_key, item_id
FROM found
QUALIFY row_number() OVER (
    PARTITION BY track_key ORDER BY how, score DESC NULLS LAST, item_id
) = 1
