-- All names that are compared, and as what: a title, an artist or a plain name. What they are
-- folded to is put into `names` as soon as this table is there (utils/music/star_schema/staging.py).
-- grain: one row a text and what it is
-- key: kind, name
SELECT DISTINCT kind, name
FROM (
    SELECT 'title' AS kind, track AS name FROM identities
    UNION ALL SELECT 'title', album FROM identities
    UNION ALL SELECT 'artist', artist FROM identities
    UNION ALL SELECT 'artist', spotify_artist FROM spotify_tracks
    UNION ALL SELECT 'artist', name FROM spotify_artists
    UNION ALL SELECT 'title', title FROM spotify_albums
    UNION ALL SELECT 'title', title FROM mb_recordings
    UNION ALL SELECT 'artist', artist FROM mb_recordings
    UNION ALL SELECT 'title', rg.title
        FROM (SELECT unnest(release_groups) AS rg FROM mb_recordings)
    UNION ALL SELECT 'artist', name FROM mb_artists
    UNION ALL SELECT 'artist', sort_name FROM mb_artists
    UNION ALL SELECT 'artist', unnest(aliases) FROM mb_artists
    UNION ALL SELECT 'name', unnest(genres) FROM spotify_artists
    UNION ALL SELECT 'name', g.name FROM (SELECT unnest(genres) AS g FROM mb_artists)
    UNION ALL SELECT 'title', title FROM recordings
    UNION ALL SELECT 'artist', artist FROM recordings
)
WHERE name IS NOT NULL
