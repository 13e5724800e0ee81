-- More ways for a pair to come about: out of a ranking of several answers, out of an edit, the same pair a second time
-- with its answers the other way round, and two models against each other. A CHECK that allows more changes no row, so
-- its text alone is changed (https://www.sqlite.org/lang_altertable.html, section 7).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''imported'')', '''imported'', ''ranking'', ''edit'', ''repeat'', ''battle'')')
WHERE type = 'table' AND name = 'pairs';
PRAGMA writable_schema = RESET;
