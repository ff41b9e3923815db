-- What is played, as plays tell it, with the recording, track and album that it is.
-- grain: one row for plays that tell the same of their track
-- key: identity
-- not_null: track_key
WITH heard AS (
    SELECT identity, count(*) AS plays, min(played_at) AS first_played_at
    FROM plays
    GROUP BY identity
),
known AS (
    SELECT
        h.*,
        i.track, i.artist, i.album, i.spotify_track_id,
        coalesce(i.isrc, t.isrc) AS isrc,
        coalesce(r.now_id, i.recording_mbid) AS told_recording,
        coalesce(a.now_id, i.artist_mbid) AS told_artist,
        t.title AS spotify_title, t.duration_ms, t.is_explicit,
        t.spotify_album_id, t.spotify_artist_id, t.spotify_artist,
        coalesce(nt.folded, '') AS folded_track,
        coalesce(na.folded, '') AS folded_artist,
        nl.folded AS folded_album
    FROM heard h
    JOIN identities i USING (identity)
    LEFT JOIN spotify_tracks t USING (spotify_track_id)
    LEFT JOIN merged r
        ON r.source = 'musicbrainz' AND r.kind = 'recording' AND r.id = i.recording_mbid
    LEFT JOIN merged a
        ON a.source = 'musicbrainz' AND a.kind = 'artist' AND a.id = i.artist_mbid
    LEFT JOIN names nt ON nt.kind = 'title' AND nt.name = i.track
    LEFT JOIN names na ON na.kind = 'artist' AND na.name = i.artist
    LEFT JOIN names nl ON nl.kind = 'title' AND nl.name = i.album
),
recorded AS (
    SELECT k.*,
        coalesce(told_recording, named.recording_mbid, chosen.recording_mbid) AS recording_mbid
    FROM known k
    LEFT JOIN isrc_recordings chosen ON chosen.isrc = k.isrc AND chosen.is_chosen
    LEFT JOIN isrc_recordings named
        ON named.isrc = k.isrc AND named.of_title = 1 AND named.folded_title = k.folded_track
)
SELECT
    *,
    coalesce(
        'recording:' || recording_mbid,
        'isrc:' || isrc,
        'spotify:' || spotify_track_id,
        'name:' || substr(sha256(folded_track || chr(10) || folded_artist), 1, 32)
    ) AS track_key,
    coalesce(
        'spotify:' || spotify_album_id,
        'name:' || substr(sha256(folded_album || chr(10) || folded_artist), 1, 32)
    ) AS album_key
FROM recorded
