"""Battles: the answers of two models to the same held-out prompts, for labelers to judge blind. Imports no torch.

Each model answers in a generate job of its own; whichever of the two is done last pairs the answers, so that one of
them may fail and be tried again. The pairs stand in the labelers' queue among all others. Nothing learns from them,
because their prompts are held out.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlite_utils import Database

from alignment.queue import generate_spec, submit
from storage import labels, registry
from storage.database import Store
from storage.errors import UserError
from storage.prompts import prompts_of
from storage.records import Job, Model

MOST_PROMPTS = 2000
MET = """
SELECT r.prompt_id, count(*) AS n FROM pairs r
JOIN completions x ON x.completion_id = r.completion_a JOIN completions y ON y.completion_id = r.completion_b
WHERE r.source = 'battle' AND min(x.model_id, y.model_id) = min(:one, :other)
  AND max(x.model_id, y.model_id) = max(:one, :other) GROUP BY r.prompt_id
"""
PARTNER = """
SELECT job_id FROM jobs WHERE status = 'done' AND job_id <> :job
  AND (job_id = :battle_with OR json_extract(spec, '$.publish.battle_with') = :job)
"""
ANSWERS = "SELECT completion_id, prompt_id, text FROM completions WHERE job_id = ?"


def start(store: Store, models: Sequence[str], prompts: int, actor: str, seed: int | None = None) -> list[int]:
    """Queue battles of two policies on `prompts` held-out prompts, those they met on least first; returns both job ids.

    There are as many battles as held-out prompts at most. Raises UserError where it is not two policies, or there is
    no prompt.
    """
    if len(models) != 2 or models[0] == models[1]:
        raise UserError("A battle is between two different models: name one with --between and one with --against.")
    both = [registry.policy_named(store, name) for name in models]
    if not 1 <= prompts <= MOST_PROMPTS:
        raise UserError(f"Battles on {prompts} prompts cannot be made at once: ask for 1 to {MOST_PROMPTS:,}.")
    seed = secrets.randbelow(2**31 - 1) if seed is None else seed
    prompt_ids = _least_met(store, both, prompts, seed)
    if not prompt_ids:
        raise UserError("There are no held-out prompts: import more prompts, of which a tenth is held out.")
    first = submit(store, "generate", generate_spec(both[0], prompt_ids, seed, 1, battle_with=None), actor)
    second = generate_spec(both[1], prompt_ids, seed + 1, 1, battle_with=first)
    return [first, submit(store, "generate", second, actor)]


def pair_up(db: Database, job: Job) -> int:
    """Pair the answers of one side with the other's if those are there; returns how many pairs.

    Which of the two is a changes from prompt to prompt, so that a name is on neither side of all.
    """
    asked = {"job": job.job_id, "battle_with": job.spec["publish"]["battle_with"]}
    partner = next(iter(db.query(PARTNER, asked)), None)
    return _pair(db, job.job_id, partner["job_id"]) if partner else 0


def _pair(db: Database, job_id: int, partner_id: int) -> int:
    mine, theirs = ({row["prompt_id"]: row for row in db.query(ANSWERS, [one])} for one in sorted((job_id, partner_id)))
    made = 0
    for prompt_id in sorted(mine.keys() & theirs.keys()):
        a, b = (mine[prompt_id], theirs[prompt_id])[:: 1 if prompt_id % 2 else -1]
        if a["text"].strip() and b["text"].strip() and a["text"].strip() != b["text"].strip():
            labels.insert_pair(db, prompt_id, a["completion_id"], b["completion_id"], "battle")
            made += 1
    return made


def _least_met(store: Store, both: Sequence[Model], count: int, seed: int) -> list[int]:
    """Ids of held-out prompts, those with the fewest battles of the two so far first, each once."""
    one, other = (model.model_id for model in both)
    met = {row["prompt_id"]: row["n"] for row in store.rows(MET, {"one": one, "other": other})}
    shuffled = [prompt.prompt_id for prompt in prompts_of(store, "heldout", seed=seed)]
    return sorted(shuffled, key=lambda prompt_id: met.get(prompt_id, 0))[:count]
