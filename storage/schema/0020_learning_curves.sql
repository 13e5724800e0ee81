-- A job that measures how much labels teach. A CHECK that allows more changes no row, so its text alone is changed
-- (https://www.sqlite.org/lang_altertable.html, section 7).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''score'')', '''score'', ''learning_curve'')') WHERE type = 'table' AND name = 'jobs';
PRAGMA writable_schema = RESET;
