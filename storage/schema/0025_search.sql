-- Full-text search. The indexes hold no text of their own (content=''): rows are only ever added, so a trigger adds each
-- to its index, and what is found is read from its table. Votes without a comment touch none of them.
CREATE VIRTUAL TABLE prompts_text USING fts5 (text, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE completions_text USING fts5 (text, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE demonstrations_text USING fts5 (text, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE comments_text USING fts5 (text, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2');

INSERT INTO prompts_text (rowid, text)
SELECT prompt_id, (SELECT group_concat(json_extract(value, '$.content'), char(10)) FROM json_each(messages)) FROM prompts;
INSERT INTO completions_text (rowid, text) SELECT completion_id, text FROM completions;
INSERT INTO demonstrations_text (rowid, text) SELECT demonstration_id, text FROM demonstrations WHERE text IS NOT NULL;
INSERT INTO comments_text (rowid, text) SELECT preference_id, comment FROM preference_details WHERE comment <> '';

CREATE TRIGGER prompts_are_indexed AFTER INSERT ON prompts
BEGIN
    INSERT INTO prompts_text (rowid, text)
    SELECT NEW.prompt_id, group_concat(json_extract(value, '$.content'), char(10)) FROM json_each(NEW.messages);
END;
CREATE TRIGGER completions_are_indexed AFTER INSERT ON completions
BEGIN INSERT INTO completions_text (rowid, text) VALUES (NEW.completion_id, NEW.text); END;
CREATE TRIGGER demonstrations_are_indexed AFTER INSERT ON demonstrations WHEN NEW.text IS NOT NULL
BEGIN INSERT INTO demonstrations_text (rowid, text) VALUES (NEW.demonstration_id, NEW.text); END;
CREATE TRIGGER comments_are_indexed AFTER INSERT ON preference_details WHEN NEW.comment <> ''
BEGIN INSERT INTO comments_text (rowid, text) VALUES (NEW.preference_id, NEW.comment); END;

-- What the Data page asks: the pairs of a prompt, and the flagged votes, which are few among all.
CREATE INDEX pairs_by_prompt ON pairs (prompt_id, pair_id);
CREATE INDEX preference_details_flagged ON preference_details (preference_id) WHERE flagged;
