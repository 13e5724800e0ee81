"""A labeler's own page, and the page of the guideline."""

from __future__ import annotations

import httpx
import pytest

from labeling import session
from labeling.accounts import ensure_user
from labeling.mine import before_and_after, mine
from storage import labels, registry
from storage.database import Store
from storage.gold import gold
from storage.guidelines import confirmed, guideline
from storage.lineage import Shaped
from storage.project import set_project
from storage.records import NewCompletion
from tests.conftest import add_pairs
from tests.served import served


def vote(store: Store, labeler: str, pairs: int, verdict: str = "tie") -> None:
    for showing in session.serve(store, labeler, pairs):
        session.vote(store, labeler, showing.showing_id, verdict, 0, f"key-{showing.showing_id}", 4.0)


def new_model(store: Store) -> int:
    with store.write() as db:
        parent = registry.require_promoted(store)
        return registry.register(db, "learned", "policy", "models/learned", "test", parent_id=parent.model_id)


def test_the_figures_are_of_the_labelers_own_votes(store: Store) -> None:
    ensure_user(store, "ada", "labeler")
    add_pairs(store, 3)
    set_project(store, "overlap", 2, "test")
    vote(store, "ada", 3)
    vote(store, "local", 3)
    found = mine(store, "ada")
    assert (found.votes, found.seconds, found.comparisons) == (3, 4.0, 3)
    assert found.agrees.startswith("100%")
    assert (found.repeats, found.steady, found.practised, found.shaped) == (0, "–", 0, ())
    assert mine(store, "nobody").votes == 0


def test_a_model_that_learned_from_a_labeler_is_compared_with_the_one_before_on_prompts_they_judged(
    store: Store,
) -> None:
    add_pairs(store, 3)
    vote(store, "local", 2)
    model_id = new_model(store)
    shaped = (Shaped(registry.get(store, model_id), True, 2, 0, 0),)
    assert before_and_after(store, "local", shaped) is None
    with store.write() as db:
        for prompt in list(db.query("SELECT prompt_id FROM prompts")):
            labels.insert_completions(db, [NewCompletion(prompt["prompt_id"], "learned answer", model_id)])
    pair = before_and_after(store, "local", shaped)
    assert pair is not None
    assert (pair.left if pair.left_is_after else pair.right) == "learned answer"
    assert (pair.model, pair.parent) == ("learned", "policy")
    assert before_and_after(store, "local", shaped) == pair
    assert before_and_after(store, "local", shaped, 1) is not None
    assert before_and_after(store, "local", shaped, 2) is None  # the third was not judged


@pytest.mark.browser
def test_the_two_pages_answer(store: Store) -> None:
    add_pairs(store, 3)
    vote(store, "local", 2)
    with served(store) as address:
        page = httpx.Client(base_url=address, trust_env=False, headers={"Origin": address})
        assert "Your labels" in page.get("/me").text
        assert "Meine Urteile" in page.get("/me", headers={"Accept-Language": "de-AT,en;q=0.5"}).text
        assert page.get("/me?number=x").status_code == 400
        text = "# Be kind\n<script>alert(1)</script>"
        seen = page.post("/guidelines", data={"deed": "preview", "text": text}).text
        assert "Be kind</h3>" in seen
        assert "<script" not in seen
        assert guideline(store) is None
        page.post("/guidelines", data={"deed": "save", "text": text})
        assert confirmed(store, "local") == 1
        assert page.post("/guidelines", data={"deed": "save", "text": ""}).status_code == 400
        form = {"deed": "gold", "pair": "1", "verdict": "a", "why": "So.", "calibration": "1"}
        assert "Pair 1 is gold" in page.post("/guidelines", data=form).text
        assert [(one.pair_id, one.calibration, one.set_by) for one in gold(store)] == [(1, True, "local")]
        page.post("/guidelines", data={"deed": "retire", "pair": "1"})
        assert gold(store) == []
        refused = page.post("/guidelines", data={"deed": "resume", "labeler": "local"})
        assert "nothing to lift" in refused.text
