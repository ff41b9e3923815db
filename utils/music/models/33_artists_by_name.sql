-- Names that one artist alone has, of those who are known by an id: a play that tells a name
-- only (Last.fm) is theirs.
-- grain: one row a name as it is compared
-- key: folded
WITH named AS (
    SELECT DISTINCT a.artist_key, n.folded
    FROM (
        SELECT identity, spotify_artist AS name FROM identified
        UNION ALL SELECT identity, artist FROM identified WHERE told_artist IS NOT NULL
    ) i
    JOIN artists_by_id a USING (identity)
    JOIN names n ON n.kind = 'artist' AND n.name = i.name
    UNION
    SELECT DISTINCT a.artist_key, n.folded
    FROM artists_by_id a
    JOIN mb_artists m ON a.artist_key = 'mbid:' || m.artist_mbid
    JOIN names n ON n.kind = 'artist' AND n.name = m.name
)
SELECT folded, min(artist_key) AS artist_key
FROM named
WHERE folded <> ''
GROUP BY folded
HAVING count(*) = 1
