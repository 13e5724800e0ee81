"""Battles: two models' answers to the same held-out prompts, paired, judged blind, and heard by the gate."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alignment import battles
from alignment.generate import COMPLETIONS
from alignment.materialise import directory_of
from alignment.publish import publish
from labeling import session
from labeling.quality.standings import standings
from labeling.ui.verdict import with_people
from storage import jobs, labels, registry
from storage.battles import Evidence, evidence, style
from storage.database import Store
from storage.errors import UserError
from storage.gate import objection, people_say
from storage.statistics import Interval
from tests.conftest import add_pairs
from tests.test_gate import compare
from tests.test_quality_commands import battle
from tests.test_registry import register
from tests.test_verdict import evaluated


@pytest.fixture
def two(store: Store) -> list[str]:
    add_pairs(store, 4, "heldout")
    register(store, "new")
    return ["new", "policy"]


def answer(store: Store, said: str, empty: int | None = None) -> Path:
    """The next waiting generate job, done as its worker would; the prompt `empty` gets no answer."""
    job = jobs.claim(store, "w")
    assert job is not None
    directory = directory_of(store, job.job_id)
    directory.mkdir(parents=True)
    rows = [
        {"prompt_id": one, "text": "" if one == empty else f"{said} {one}", "seed": 1, "tokens": 3, "ended": True}
        for one in job.spec["files"]["prompts.parquet"]["prompt_ids"]
    ]
    pq.write_table(pa.Table.from_pylist(rows, COMPLETIONS), directory / "completions.parquet")
    publish(store, job, directory, {})
    return directory


def pairs(store: Store) -> list[dict[str, object]]:
    return store.rows(
        "SELECT r.prompt_id, r.model_id, x.text AS a, y.text AS b FROM pairs r JOIN completions x ON x.completion_id ="
        " r.completion_a JOIN completions y ON y.completion_id = r.completion_b WHERE source = 'battle' ORDER BY 1"
    )


def test_both_answer_the_same_prompts_and_stand_on_either_side(store: Store, two: list[str]) -> None:
    battles.start(store, two, 3, "local", seed=1)
    answer(store, "new")
    assert pairs(store) == []
    answer(store, "old")
    found = pairs(store)
    assert len(found) == 3
    for one in found:
        sides = (f"new {one['prompt_id']}", f"old {one['prompt_id']}")
        assert (one["a"], one["b"]) in (sides, sides[::-1])
        assert one["model_id"] is None
    assert {str(one["a"])[:3] for one in found} == {"new", "old"}


def test_answers_that_are_empty_or_the_same_make_no_pair(store: Store, two: list[str]) -> None:
    battles.start(store, two, 4, "local", seed=1)
    answer(store, "new", empty=1)
    answer(store, "old")
    assert [one["prompt_id"] for one in pairs(store)] == [2, 3, 4]
    battles.start(store, two, 4, "local", seed=2)
    answer(store, "the same")
    answer(store, "the same")
    assert len(pairs(store)) == 3


def test_the_side_that_failed_and_is_done_later_is_paired_then(store: Store, two: list[str]) -> None:
    first, _ = battles.start(store, two, 2, "local", seed=1)
    jobs.cancel(store, first, "local")
    answer(store, "old")
    assert pairs(store) == []
    with store.write() as db:
        jobs.requeue(db, first, "local", anew=True)
    answer(store, "new")
    assert len(pairs(store)) == 2


def test_prompts_on_which_they_have_not_met_come_first(store: Store, two: list[str]) -> None:
    for seed in (1, 2):
        battles.start(store, two[:: 1 if seed == 1 else -1], 2, "local", seed)
        answer(store, "one")
        answer(store, "other")
    assert [one["prompt_id"] for one in pairs(store)] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("models", "prompts", "said"),
    [(["policy", "policy"], 3, "two different models"), (["new", "policy"], 0, "ask for 1 to 2,000")],
)
def test_what_is_no_battle_is_refused(store: Store, two: list[str], models: list[str], prompts: int, said: str) -> None:
    with pytest.raises(UserError, match=said):
        battles.start(store, models, prompts, "local")
    assert jobs.open_jobs(store, "generate") == []


def test_people_who_find_a_model_better_promote_it_though_the_judge_is_unsure(store: Store) -> None:
    battle(store, wins=20, losses=4)
    compare(store, "new", 0.4)
    assert objection(store, registry.by_name(store, "new")) is None


def test_people_who_find_a_model_worse_hold_it_back_whatever_the_judge_says(store: Store) -> None:
    battle(store, wins=4, losses=20)
    said = r"new is worse than policy to people who judged the two blind: it wins 17% \(.*\) on 24 prompts"
    with pytest.raises(UserError, match=said):  # nobody else has judged it
        registry.promote(store, "new", "test")
    compare(store, "new", 0.6)
    with pytest.raises(UserError, match=said):
        registry.promote(store, "new", "test")
    assert registry.promote(store, "new", "test", reason="a trial").status == "promoted"


def test_a_few_battles_decide_nothing(store: Store) -> None:
    battle(store, wins=0, losses=19)
    compare(store, "new", 0.6)
    assert objection(store, registry.by_name(store, "new")) is None


def test_a_judge_that_is_sure_of_the_contrary_holds_a_model_back(store: Store) -> None:
    new, old = battle(store, wins=20, losses=4)
    assert people_say(evidence(store, new, old)) == "better"
    compare(store, "new", 0.2, high=0.4)
    assert "is not shown to be better" in str(objection(store, registry.by_name(store, "new")))


def test_evidence_is_the_mean_over_prompts_whichever_side_a_model_is_on(store: Store) -> None:
    new, old = battle(store, wins=3, losses=1)
    mine, theirs = evidence(store, new, old), evidence(store, old, new)
    assert mine is not None
    assert theirs is not None
    assert (mine.share.value, mine.prompts, theirs.share.value) == (0.75, 4, 0.25)
    assert evidence(store, new, new) is None


@pytest.mark.parametrize(
    ("share", "prompts", "begins", "ends"),
    [
        ((0.8, 0.6, 0.9), 30, "Yes: by its judge", "in 80% (60% to 90%) of 30 prompts, and that decides."),
        ((0.2, 0.1, 0.4), 30, "No: by its judge", "of 30 prompts, and that decides."),
        ((0.5, 0.4, 0.6), 30, "Not yet: by its judge", "which holds one half, so that the judge decides."),
        ((0.8, 0.6, 0.9), 19, "Not yet: by its judge", "of 19 prompts; from 20 on that counts."),
    ],
)
def test_the_verdict_says_what_people_say_and_who_decides(
    share: tuple[float, float, float], prompts: int, begins: str, ends: str
) -> None:
    said = with_people(
        "Not yet: by its judge, …", evaluated(0.55, 0.5, 0.6), Evidence(Interval(*share), prompts), "new"
    )
    assert said.startswith(begins)
    assert said.endswith(ends)


def test_style_is_the_difference_over_the_sum() -> None:
    first = "# Head\n\n- one **bold**\n- two"  # 7 words, with the marks; a heading, two items, one bold text
    assert style(first, "1. three four") == ((7 - 3) / 10, 1.0, (2 - 1) / 3, 1.0)
    assert style("", "") == (0.0, 0.0, 0.0, 0.0)


def test_labelers_judge_battles_in_their_queue_and_learn_of_no_model(store: Store, two: list[str]) -> None:
    battles.start(store, two, 3, "local", seed=1)
    answer(store, "new")
    answer(store, "old")
    served = session.serve(store, "local", 10)
    found = [one for one in served if {one.left[:3], one.right[:3]} == {"new", "old"}]
    assert len(found) == 3
    for number, showing in enumerate(found):
        session.vote(store, "local", showing.showing_id, "left", 2, f"key-{number}")
    assert sum(rung.battles for rung in standings(store).rungs) == 2 * 3
    assert labels.new_votes(store) == 0  # held out, so that nothing learns from them
