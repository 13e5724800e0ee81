-- What is traced must not change behind whoever traces it: every row on the path of the data stays as it was written.
-- Rounds, jobs and users live on, so they may be updated; what points to them keeps them from being deleted.

CREATE TRIGGER prompts_are_kept BEFORE UPDATE ON prompts
BEGIN SELECT RAISE(ABORT, 'prompts are append-only'); END;
CREATE TRIGGER prompts_are_never_deleted BEFORE DELETE ON prompts
BEGIN SELECT RAISE(ABORT, 'prompts are append-only'); END;

CREATE TRIGGER completions_are_kept BEFORE UPDATE ON completions
BEGIN SELECT RAISE(ABORT, 'completions are append-only'); END;
CREATE TRIGGER completions_are_never_deleted BEFORE DELETE ON completions
BEGIN SELECT RAISE(ABORT, 'completions are append-only'); END;

CREATE TRIGGER pairs_are_kept BEFORE UPDATE ON pairs
BEGIN SELECT RAISE(ABORT, 'pairs are append-only'); END;
CREATE TRIGGER pairs_are_never_deleted BEFORE DELETE ON pairs
BEGIN SELECT RAISE(ABORT, 'pairs are append-only'); END;

CREATE TRIGGER showings_are_kept BEFORE UPDATE ON showings
BEGIN SELECT RAISE(ABORT, 'showings are append-only'); END;
CREATE TRIGGER showings_are_never_deleted BEFORE DELETE ON showings
BEGIN SELECT RAISE(ABORT, 'showings are append-only'); END;

CREATE TRIGGER snapshots_are_never_deleted BEFORE DELETE ON snapshots
BEGIN SELECT RAISE(ABORT, 'snapshots are append-only'); END;

CREATE TRIGGER models_are_kept BEFORE UPDATE ON models
BEGIN SELECT RAISE(ABORT, 'models are append-only'); END;
CREATE TRIGGER models_are_never_deleted BEFORE DELETE ON models
BEGIN SELECT RAISE(ABORT, 'models are append-only'); END;

CREATE TRIGGER promotions_are_kept BEFORE UPDATE ON promotions
BEGIN SELECT RAISE(ABORT, 'promotions are append-only'); END;
CREATE TRIGGER promotions_are_never_deleted BEFORE DELETE ON promotions
BEGIN SELECT RAISE(ABORT, 'promotions are append-only'); END;

CREATE TRIGGER evaluations_are_kept BEFORE UPDATE ON evaluations
BEGIN SELECT RAISE(ABORT, 'evaluations are append-only'); END;
CREATE TRIGGER evaluations_are_never_deleted BEFORE DELETE ON evaluations
BEGIN SELECT RAISE(ABORT, 'evaluations are append-only'); END;
