-- What people decide about prompts once they are there. The newest row stands, and nothing is ever changed.
CREATE TABLE prompt_decisions (
    decision_id INTEGER PRIMARY KEY,
    prompt_id INTEGER NOT NULL REFERENCES prompts (prompt_id),
    decision TEXT NOT NULL CHECK (decision IN ('retired', 'restored', 'released')),
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX prompt_decisions_by_prompt ON prompt_decisions (prompt_id, decision_id);

CREATE TABLE prompt_tags (
    tagging_id INTEGER PRIMARY KEY,
    prompt_id INTEGER NOT NULL REFERENCES prompts (prompt_id),
    tag TEXT NOT NULL CHECK (tag <> ''),
    present INTEGER NOT NULL CHECK (present IN (0, 1)),
    actor TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX prompt_tags_by_tag ON prompt_tags (tag, prompt_id, tagging_id);
CREATE INDEX prompt_tags_by_prompt ON prompt_tags (prompt_id, tag, tagging_id);

CREATE VIEW current_prompt_tags AS
SELECT t.* FROM prompt_tags t
WHERE t.present AND t.tagging_id = (
    SELECT max(later.tagging_id) FROM prompt_tags later WHERE later.prompt_id = t.prompt_id AND later.tag = t.tag
);

-- Where a prompt seems to say somebody's mail address, phone or card number: characters of a turn, never the number itself.
CREATE TABLE personal_data (
    finding_id INTEGER PRIMARY KEY,
    prompt_id INTEGER NOT NULL REFERENCES prompts (prompt_id),
    kind TEXT NOT NULL CHECK (kind IN ('mail', 'phone', 'card')),
    turn INTEGER NOT NULL CHECK (turn >= 0),
    start INTEGER NOT NULL CHECK (start >= 0),
    length INTEGER NOT NULL CHECK (length > 0),
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX personal_data_by_prompt ON personal_data (prompt_id);

CREATE TRIGGER prompt_decisions_are_kept BEFORE UPDATE ON prompt_decisions
BEGIN SELECT RAISE(ABORT, 'decisions about prompts are append-only'); END;
CREATE TRIGGER prompt_decisions_are_never_deleted BEFORE DELETE ON prompt_decisions
BEGIN SELECT RAISE(ABORT, 'decisions about prompts are append-only'); END;
CREATE TRIGGER prompt_tags_are_kept BEFORE UPDATE ON prompt_tags
BEGIN SELECT RAISE(ABORT, 'tags of prompts are append-only'); END;
CREATE TRIGGER prompt_tags_are_never_deleted BEFORE DELETE ON prompt_tags
BEGIN SELECT RAISE(ABORT, 'tags of prompts are append-only'); END;
CREATE TRIGGER personal_data_is_kept BEFORE UPDATE ON personal_data
BEGIN SELECT RAISE(ABORT, 'findings of personal data are append-only'); END;
CREATE TRIGGER personal_data_is_never_deleted BEFORE DELETE ON personal_data
BEGIN SELECT RAISE(ABORT, 'findings of personal data are append-only'); END;

-- What follows from the rows above, kept up by them alone: the prompts that no labeler is shown. It makes the question
-- one look into a key, as it is asked of every pair.
CREATE TABLE withheld_prompts (
    prompt_id INTEGER PRIMARY KEY REFERENCES prompts (prompt_id),
    why TEXT NOT NULL CHECK (why IN ('retired', 'personal data'))
) STRICT;
CREATE INDEX withheld_prompts_by_why ON withheld_prompts (why, prompt_id);

CREATE TRIGGER personal_data_withholds AFTER INSERT ON personal_data
WHEN NOT EXISTS (SELECT 1 FROM prompt_decisions WHERE prompt_id = NEW.prompt_id AND decision = 'released')
BEGIN INSERT OR IGNORE INTO withheld_prompts (prompt_id, why) VALUES (NEW.prompt_id, 'personal data'); END;

CREATE TRIGGER prompt_decisions_withhold AFTER INSERT ON prompt_decisions
BEGIN
    DELETE FROM withheld_prompts WHERE prompt_id = NEW.prompt_id;
    INSERT INTO withheld_prompts (prompt_id, why)
    SELECT NEW.prompt_id, 'personal data' FROM personal_data WHERE prompt_id = NEW.prompt_id
    AND NOT EXISTS (SELECT 1 FROM prompt_decisions WHERE prompt_id = NEW.prompt_id AND decision = 'released') LIMIT 1;
    INSERT OR REPLACE INTO withheld_prompts (prompt_id, why)
    SELECT NEW.prompt_id, 'retired' FROM prompt_decisions WHERE decision = 'retired' AND decision_id = (
        SELECT max(decision_id) FROM prompt_decisions WHERE prompt_id = NEW.prompt_id AND decision <> 'released'
    );
END;
