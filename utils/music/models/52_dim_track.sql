-- Tracks that were played.
-- grain: one row a track
-- key: track_key
-- not_null: title, first_played_at
-- range: duration_ms = 1..
-- relation: artist_key = dim_artist.artist_key
-- relation: album_key = dim_album.album_key
WITH tracks AS (
    SELECT
        track_key,
        first(coalesce(spotify_title, track) ORDER BY plays DESC, coalesce(spotify_title, track))
            FILTER (coalesce(spotify_title, track) IS NOT NULL) AS title,
        first(album_key ORDER BY plays DESC, album_key) FILTER (album_key IS NOT NULL) AS album_key,
        first(spotify_track_id ORDER BY plays DESC, spotify_track_id)
            FILTER (spotify_track_id IS NOT NULL) AS spotify_track_id,
        first(isrc ORDER BY plays DESC, isrc) FILTER (isrc IS NOT NULL) AS isrc,
        min(recording_mbid) AS recording_mbid,
        first(duration_ms ORDER BY plays DESC, duration_ms) FILTER (duration_ms IS NOT NULL)
            AS duration_ms,
        bool_or(is_explicit) AS is_explicit,
        min(first_played_at) AS first_played_at
    FROM identified
    GROUP BY track_key
)
SELECT
    t.track_key,
    coalesce(t.title, r.title, '') AS title,
    a.artist_key,
    t.album_key,
    t.spotify_track_id,
    t.isrc,
    t.recording_mbid,
    coalesce(t.duration_ms, r.length_ms) AS duration_ms,
    t.is_explicit,
    t.first_played_at,
    f.item_id
FROM tracks t
JOIN track_artists a USING (track_key)
LEFT JOIN mb_recordings r USING (recording_mbid)
LEFT JOIN files f USING (track_key)
