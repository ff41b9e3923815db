-- Artists of what was played, and of its albums.
-- grain: one row an artist
-- key: artist_key
-- not_null: name, aliases
-- range: latitude = -90..90
-- range: longitude = -180..180
WITH keys AS (
    SELECT artist_key FROM track_artists WHERE artist_key IS NOT NULL
    UNION
    SELECT artist_key FROM dim_album WHERE artist_key IS NOT NULL
),
-- Ids of Spotify of each, and the name there.
of_spotify AS (
    SELECT coalesce('mbid:' || l.artist_mbid, 'spotify:' || f.id) AS artist_key, f.id,
        coalesce(s.name, f.name) AS name, f.plays
    FROM (
        SELECT id, first(name ORDER BY plays DESC, name) FILTER (name IS NOT NULL) AS name,
            sum(plays) AS plays
        FROM (
            SELECT spotify_artist_id AS id, spotify_artist AS name, sum(plays) AS plays
            FROM identified
            GROUP BY ALL
            UNION ALL
            SELECT spotify_artist_id, artist, 0 FROM spotify_albums
            JOIN dim_album USING (spotify_album_id)
        )
        WHERE id IS NOT NULL
        GROUP BY id
    ) f
    LEFT JOIN spotify_artists s ON s.spotify_artist_id = f.id
    LEFT JOIN artist_links l ON l.spotify_artist_id = f.id
),
spotify AS (
    SELECT artist_key, first(id ORDER BY plays DESC, id) AS id,
        first(name ORDER BY plays DESC, id) FILTER (name IS NOT NULL) AS name
    FROM of_spotify
    GROUP BY artist_key
),
-- How plays write the name, most plays first.
written AS (
    SELECT artist_key, first(artist ORDER BY plays DESC, artist) AS name
    FROM (
        SELECT artist_key, artist, sum(plays) AS plays
        FROM artists_of
        WHERE artist IS NOT NULL AND artist_key IS NOT NULL
        GROUP BY ALL
    )
    GROUP BY artist_key
),
credited AS (
    SELECT artist_mbid, min(artist) AS name FROM mb_recordings GROUP BY artist_mbid
)
SELECT
    k.artist_key,
    coalesce(s.name, m.name, c.name, w.name, '') AS name,
    m.sort_name,
    s.id AS spotify_artist_id,
    CASE WHEN k.artist_key LIKE 'mbid:%' THEN substr(k.artist_key, 6) END AS artist_mbid,
    m.artist_type,
    coalesce(ma.now_id, m.area_id) AS area_mbid,
    g.area,
    coalesce(g.country_code, m.country) AS country_code,
    g.country,
    g.continent,
    g.latitude,
    g.longitude,
    m.began,
    m.ended,
    list_sort(list_distinct(list_filter(
        list_append(coalesce(m.aliases, []), m.name),
        lambda one: one IS NOT NULL AND one <> coalesce(s.name, m.name)
    ))) AS aliases
FROM keys k
LEFT JOIN spotify s USING (artist_key)
LEFT JOIN written w USING (artist_key)
LEFT JOIN mb_artists m ON k.artist_key = 'mbid:' || m.artist_mbid
LEFT JOIN credited c ON k.artist_key = 'mbid:' || c.artist_mbid
LEFT JOIN merged ma ON ma.source = 'musicbrainz' AND ma.kind = 'area' AND ma.id = m.area_id
LEFT JOIN areas g ON g.area_mbid = coalesce(ma.now_id, m.area_id)
