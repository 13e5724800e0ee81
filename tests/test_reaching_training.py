"""All that labelers can say reaches training: what is cast here is read back out of a job's own directory."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alignment import queue
from alignment.desirability import judged_answers, read_ratings
from alignment.materialise import directory_of, materialise
from alignment.preferences import preferences_of, read_votes, ties_of
from alignment.publish import publish
from alignment.reward import MARGINS
from labeling import editing, ranking, session
from labeling.rating import rate
from storage import answer_sets, demonstrations, frozen, jobs, labels, ratings, registry
from storage.database import Store
from storage.exchange.demonstrations import read_demonstrations
from storage.project import set_project
from storage.prompts import JUDGE_BOUND
from storage.records import Details
from tests.conftest import add_pairs
from tests.test_ranking import add_sets


def of_the_train_fold(store: Store) -> set[int]:
    rows = store.rows("SELECT prompt_id FROM prompts WHERE sha256 >= ?", [JUDGE_BOUND])
    return {row["prompt_id"] for row in rows}


def job_on_the_votes(store: Store) -> Path:
    """The directory of a reward job on the votes as they stand."""
    queue.reward(store, registry.require_promoted(store), "judge", {}, "test")
    job = jobs.claim(store, "worker")
    assert job is not None
    return materialise(store, job)


def test_every_kind_of_decision_is_in_what_a_job_reads(store: Store) -> None:
    add_pairs(store, 40)
    add_sets(store, 8)
    train = of_the_train_fold(store)
    prompts = {row["pair_id"]: row["prompt_id"] for row in store.rows("SELECT pair_id, prompt_id FROM pairs")}
    pairs = [one for one in session.serve(store, "local", 40) if prompts[one.pair_id] in train]
    strong, barely, tie, bad, skip, flag, edit, thumbed, *_ = pairs
    votes = ((strong, "left", 4), (barely, "right", 1), (tie, "tie", 0), (bad, "both_bad", 0), (skip, "skip", 0))
    for shown, verdict, strength in votes:
        session.vote(store, "local", shown.showing_id, verdict, strength, "key")
    session.vote(store, "local", flag.showing_id, "skip", 0, "key", details=Details(flagged=True))
    editing.edit(store, "local", edit.showing_id, "My own.", "left", "left", 2, "key")
    of_sets = {row["set_id"]: row["prompt_id"] for row in store.rows("SELECT * FROM answer_sets")}
    several = next(one for one in ranking.serve(store, "local", 8) if of_sets[one.set_id] in train)
    ranking.rank(store, "local", several.showing_id, [1, 2, 2, 3], client_key="key")
    model_id = registry.require_promoted(store).model_id
    rate(store, "local", thumbed.prompt, model_id, "Thumbed.", "down", "key")
    best, one, other, worst = several.answers

    read = read_votes(job_on_the_votes(store) / "preferences.parquet")
    margins = {(vote.chosen, vote.rejected): MARGINS[vote.strength] for vote in preferences_of(read, "train")}
    assert margins == {
        (strong.left, strong.right): 1.0,
        (barely.right, barely.left): 0.0,
        ("My own.", edit.left): pytest.approx(2 / 3),
        ("My own.", edit.right): pytest.approx(2 / 3),
        (edit.left, edit.right): pytest.approx(1 / 3),
        (best, one): 0.0,
        (best, other): 0.0,
        (best, worst): pytest.approx(1 / 3),
        (one, worst): 0.0,
        (other, worst): 0.0,
    }
    ties = [{vote.chosen, vote.rejected} for vote in ties_of(read, "train")]
    assert sorted(ties, key=sorted) == sorted([{tie.left, tie.right}, {one, other}], key=sorted)
    ranked = [
        vote for vote in [*preferences_of(read, "train"), *ties_of(read, "train")] if vote.chosen in several.answers
    ]
    assert sum(vote.weight for vote in ranked) == pytest.approx(1)  # the six pairs of a ranking count for one vote

    thumbs = read_ratings(frozen.path_of(store, "ratings", ratings.freeze(store) or ""))
    judged = {one.answer: one.desirable for one in judged_answers(read, "train", pairs=False, ratings=thumbs)}
    assert judged == {bad.left: False, bad.right: False, "Thumbed.": False}
    of_the_ranking = {one.answer: one.desirable for one in judged_answers(read, "train", pairs=True)}
    assert of_the_ranking[best] is True
    assert of_the_ranking[worst] is False
    assert of_the_ranking["My own."] is True

    (written,) = read_demonstrations(demonstrations.freeze(store))
    assert written.messages == (*edit.prompt, {"role": "assistant", "content": "My own."})


def test_as_many_answers_as_the_project_ranks_become_a_set_or_what_is_left_of_it(store: Store) -> None:
    add_pairs(store, 3)
    set_project(store, "answers", 4, "test")
    job_id = queue.generate(store, registry.require_promoted(store), 3, "test")
    job = jobs.claim(store, "worker")
    assert job is not None
    assert job.spec["recipe"]["per_prompt"] == 4
    directory = directory_of(store, job_id)
    directory.mkdir(parents=True)
    answers = {1: ["a", "b", " b", "c"], 2: ["a", "", "a", "b"], 3: ["a", "a", "a", "a"]}
    rows = [
        {"prompt_id": prompt_id, "text": text, "seed": 1, "tokens": 1, "ended": True}
        for prompt_id, texts in answers.items()
        for text in texts
    ]
    pq.write_table(pa.Table.from_pylist(rows), directory / "completions.parquet")
    publish(store, job, directory, {})
    assert jobs.get(store, job_id).result == {"pairs": 1, "sets": 1}
    assert (labels.waiting(store), answer_sets.waiting(store)) == (4, 1)
    (shown,) = ranking.serve(store, "local")
    assert sorted(shown.answers) == ["a", "b", "c"]
