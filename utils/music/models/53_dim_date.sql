-- Days of all years in which something was played, in the time zone of the settings.
-- grain: one row a day
-- key: date_key
-- not_null: date, year, quarter, month, iso_week, day, weekday, is_weekend
-- range: month = 1..12
-- range: iso_week = 1..53
-- range: weekday = 1..7
WITH spans AS (
    SELECT min(date_key) // 10000 AS first_year, max(date_key) // 10000 AS last_year
    FROM plays
),
days AS (
    SELECT unnest(generate_series(
        make_date(first_year, 1, 1), make_date(last_year, 12, 31), INTERVAL 1 DAY
    ))::DATE AS date
    FROM spans
    WHERE first_year IS NOT NULL
)
SELECT
    (year(date) * 10000 + month(date) * 100 + day(date))::INTEGER AS date_key,
    date,
    year(date)::INTEGER AS year,
    quarter(date)::INTEGER AS quarter,
    month(date)::INTEGER AS month,
    week(date)::INTEGER AS iso_week,
    day(date)::INTEGER AS day,
    isodow(date)::INTEGER AS weekday,
    isodow(date) > 5 AS is_weekend
FROM days
