-- A job that scores votes with a reward model. A CHECK that allows more changes no row, so its text alone is changed
-- (https://www.sqlite.org/lang_altertable.html, section 7).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''evaluate'')', '''evaluate'', ''score'')') WHERE type = 'table' AND name = 'jobs';
PRAGMA writable_schema = RESET;
