-- Near-duplicates share a fold: the hash that decides it, where that is not the prompt's own. Prompts from before keep theirs.
ALTER TABLE prompts ADD COLUMN fold_sha256 TEXT CHECK (length(fold_sha256) = 64);
