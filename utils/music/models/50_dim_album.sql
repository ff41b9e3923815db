-- Albums that something was played of.
-- grain: one row an album
-- key: album_key
-- not_null: title
-- accepted: released_precision = year, month, day
-- range: tracks = 1..
-- relation: artist_key = dim_artist.artist_key
WITH played AS (
    SELECT i.album_key, i.spotify_album_id, i.album, i.folded_album, i.recording_mbid, i.plays,
        t.artist_key
    FROM identified i
    JOIN track_artists t USING (track_key)
    WHERE i.album_key IS NOT NULL
),
groups AS (
    SELECT p.album_key, rg.id AS release_group_mbid, rg.first_released, rg.type
    FROM (
        SELECT DISTINCT album_key, recording_mbid,
            coalesce(n.folded, p.folded_album) AS folded
        FROM played p
        LEFT JOIN spotify_albums s USING (spotify_album_id)
        LEFT JOIN names n ON n.kind = 'title' AND n.name = s.title
    ) p
    JOIN (SELECT recording_mbid, unnest(release_groups) AS rg FROM mb_recordings) r
        USING (recording_mbid)
    JOIN names n ON n.kind = 'title' AND n.name = r.rg.title AND n.folded = p.folded
    GROUP BY p.album_key, rg.id, rg.first_released, rg.type
    QUALIFY row_number() OVER (
        PARTITION BY p.album_key ORDER BY count(*) DESC, rg.id, rg.first_released, rg.type
    ) = 1
),
albums AS (
    SELECT
        album_key,
        min(spotify_album_id) AS spotify_album_id,
        first(album ORDER BY plays DESC, album) FILTER (album IS NOT NULL) AS album,
        first(artist_key ORDER BY plays DESC, artist_key) FILTER (artist_key IS NOT NULL)
            AS artist_key
    FROM (
        SELECT album_key, spotify_album_id, album, artist_key, sum(plays) AS plays
        FROM played
        GROUP BY ALL
    )
    GROUP BY album_key
),
told AS (
    SELECT
        a.album_key,
        coalesce(s.title, a.album, '') AS title,
        coalesce('mbid:' || l.artist_mbid, 'spotify:' || s.spotify_artist_id, a.artist_key)
            AS artist_key,
        a.spotify_album_id,
        g.release_group_mbid,
        coalesce(s.album_type, lower(g.type)) AS album_type,
        coalesce(
            nullif(regexp_extract(s.released, '^[1-9][0-9]{3}(-[0-9]{2}(-[0-9]{2})?)?$'), ''),
            nullif(regexp_extract(g.first_released, '^[1-9][0-9]{3}(-[0-9]{2}(-[0-9]{2})?)?$'), '')
        ) AS released,
        s.label,
        s.tracks
    FROM albums a
    LEFT JOIN spotify_albums s USING (spotify_album_id)
    LEFT JOIN artist_links l ON l.spotify_artist_id = s.spotify_artist_id
    LEFT JOIN groups g ON g.album_key = a.album_key
)
SELECT
    album_key, title, artist_key, spotify_album_id, release_group_mbid, album_type,
    try_cast(released || substr('0000-01-01', length(released) + 1) AS DATE) AS released_on,
    CASE
        WHEN released_on IS NULL THEN NULL
        WHEN length(released) = 4 THEN 'year'
        WHEN length(released) = 7 THEN 'month'
        ELSE 'day'
    END AS released_precision,
    label, tracks
FROM told
