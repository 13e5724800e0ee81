-- Why a model was promoted that no verdict calls better; NULL where nothing stood against it.
ALTER TABLE promotions ADD COLUMN reason TEXT CHECK (trim(reason) <> '');
