-- The Rank page counts the votes since the last round, which are few among all.
CREATE INDEX preferences_by_time ON preferences (created_at);
