-- Plays that count.
-- grain: one row a play
-- key: play_id
-- rows: plays
-- not_null: played_at, date_key, time_key, track_key, service, account
-- range: ms_played = 0..
-- relation: date_key = dim_date.date_key
-- relation: time_key = dim_time.time_key
-- relation: track_key = dim_track.track_key
-- relation: artist_key = dim_artist.artist_key
-- relation: album_key = dim_album.album_key
-- accepted: service = spotify, lastfm, listenbrainz
SELECT
    p.play_id,
    p.played_at,
    p.date_key,
    p.time_key,
    i.track_key,
    t.artist_key,
    i.album_key,
    p.ms_played,
    p.is_skipped,
    p.country_code,
    p.platform,
    p.service,
    p.account
FROM plays p
JOIN identified i USING (identity)
JOIN track_artists t USING (track_key)
