"""The gate before a promotion: who may pass, who needs a reason, and that the reason is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from alignment import rounds
from alignment.model_commands import model_list
from storage import jobs, registry
from storage import rounds as round_rows
from storage.database import Store
from storage.errors import UserError
from tests.conftest import add_pairs
from tests.older_homes import older_home
from tests.test_registry import register
from tests.test_rounds import add_heldout, add_votes, finish


@pytest.fixture
def candidate(store: Store) -> str:
    """A round's candidate without its verdict."""
    add_votes(store, 60)
    add_heldout(store, 8)
    rounds.start(store, "dpo", {}, "local")
    for _ in ("reward", "judge", "policy"):
        finish(store, {})
    return "round-1"


def judge(store: Store, low: float, **result: float) -> None:
    finish(store, {"win_rate": 0.7, "low": low, "high": 0.8, "prompts": 64, **result})


def compare(store: Store, name: str, low: float, **result: float) -> None:
    """A comparison with the promoted model, as an evaluate job stores it."""
    against = registry.require_promoted(store)
    with store.write() as db:
        job_id = jobs.enqueue(db, "evaluate", {"of": f"{name} {low} {result}"}, "test")
        found = {"win_rate": 0.7, "low": low, "high": 0.8, "prompts": 64, **result}
        round_rows.insert_evaluation(
            db, registry.by_name(store, name).model_id, against.model_id, "reward model", job_id, found
        )


def test_a_candidate_whose_lower_bound_is_above_one_half_passes(store: Store, candidate: str) -> None:
    judge(store, 0.51)
    assert registry.promote(store, candidate, "test").reason is None


def test_a_candidate_that_is_not_shown_to_be_better_is_refused_and_nothing_changes(
    store: Store, candidate: str
) -> None:
    judge(store, 0.5)
    before = store.rows("SELECT * FROM promotions")
    with pytest.raises(UserError, match=r"round-1 is not shown to be better than .*: it wins 70% \(50% to 80%\)"):
        registry.promote(store, candidate, "test", reason="  ")
    assert store.rows("SELECT * FROM promotions") == before


def test_a_judge_that_may_be_guessing_holds_a_candidate_back(store: Store, candidate: str) -> None:
    judge(store, 0.6, voter_win_rate=0.9, voter_low=0.2, voter_high=1.0)
    with pytest.raises(UserError, match="counting the judge's own errors, from 20% on"):
        registry.promote(store, candidate, "test")


def test_a_candidate_without_a_verdict_is_refused(store: Store, candidate: str) -> None:
    with pytest.raises(UserError, match="round-1 has no verdict of its round 1 yet"):
        registry.promote(store, candidate, "test")


def test_a_reason_overrides_and_is_kept_and_listed(
    store: Store, candidate: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parent = registry.require_promoted(store).name
    judge(store, 0.4)
    registry.promote(store, candidate, "test", reason="the judge is\nblind to rhyme")
    assert store.row("SELECT reason FROM promotions ORDER BY promotion_id DESC LIMIT 1") == {
        "reason": "the judge is blind to rhyme"
    }
    registry.rollback(store, "test")
    assert registry.by_name(store, candidate).reason == "the judge is blind to rhyme"
    assert registry.by_name(store, parent).reason is None
    model_list(store.home)
    assert "the judge is blind to rhyme" in capsys.readouterr().out


def test_a_model_that_was_promoted_before_needs_no_reason_again(store: Store, candidate: str) -> None:
    judge(store, 0.4)
    registry.promote(store, candidate, "test", reason="a trial")
    register(store, "brought")
    registry.promote(store, "brought", "test")
    assert registry.promote(store, candidate, "test").status == "promoted"


def test_a_model_that_was_rolled_back_from_is_judged_as_before(store: Store, candidate: str) -> None:
    judge(store, 0.4)
    registry.promote(store, candidate, "test", reason="a trial")
    registry.rollback(store, "test")
    with pytest.raises(UserError, match="round-1 is not shown to be better"):
        registry.promote(store, candidate, "test")
    registry.promote(store, candidate, "test", reason="a second trial")


def test_a_few_prompts_promote_nothing(store: Store, candidate: str) -> None:
    judge(store, 0.7, prompts=19)
    with pytest.raises(UserError, match="on 19 prompts alone, and a verdict that promotes takes at least 20"):
        registry.promote(store, candidate, "test")


def test_a_model_that_nobody_judged_passes_and_one_that_lost_does_not(store: Store) -> None:
    add_pairs(store, 1)
    for name in ("brought", "lost"):
        register(store, name)
    compare(store, "lost", 0.6)
    compare(store, "lost", 0.3)  # the newest counts
    compare(store, "lost", 0.65, best_of=8)  # which says nothing of its plain answers
    with pytest.raises(UserError, match="lost is not shown to be better"):
        registry.promote(store, "lost", "test")
    assert registry.promote(store, "brought", "test").status == "promoted"
    assert registry.promote(store, "lost", "test").status == "promoted"  # it never lost to this one


@pytest.mark.parametrize("reason", ["x" * 2001, "half a character \ud800"])
def test_a_reason_is_a_text_of_some_length(store: Store, reason: str) -> None:
    register(store, "one")
    with pytest.raises(UserError, match="The reason is no text of up to 2,000 characters"):
        registry.promote(store, "one", "test", reason=reason)


def test_promotions_of_a_home_from_before_reasons_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = older_home(tmp_path, "000[1-6]_*.sql", monkeypatch)
    with old.write() as db:
        db.execute("INSERT INTO users VALUES ('local', 'admin', '2026')")  # as it was written then
        registry.insert_promotion(db, registry.register(db, "policy", "policy", "models/policy", "test"), "test")
    monkeypatch.undo()
    new = Store.open(tmp_path / "home")
    register(new, "two")
    registry.promote(new, "two", "test", reason="it rhymes")
    assert new.rows("SELECT reason FROM promotions") == [{"reason": None}, {"reason": "it rhymes"}]
