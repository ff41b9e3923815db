-- The minutes of a day.
-- grain: one row a minute
-- key: time_key
-- not_null: hour, minute
-- accepted: part_of_day = night, morning, afternoon, evening
SELECT
    (minutes // 60 * 100 + minutes % 60)::INTEGER AS time_key,
    (minutes // 60)::INTEGER AS hour,
    (minutes % 60)::INTEGER AS minute,
    ['night', 'morning', 'afternoon', 'evening'][minutes // 360 + 1] AS part_of_day
FROM range(0, 1440) AS all_of(minutes)
