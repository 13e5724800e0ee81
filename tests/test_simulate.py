"""Simulated labelers: the Bradley-Terry model by hand, and votes that follow the taste they stand for."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from labeling.simulate import decide, preference_probability, ranks_of, simulate, strength_of
from storage import labels
from storage.database import Store
from storage.errors import UserError
from storage.records import SetShowing, Showing
from tests.conftest import add_pairs
from tests.test_ranking import add_sets, learned

VOTES = " FROM preferences JOIN showings USING (showing_id) ORDER BY preference_id"


def likes_second(prompt: str, completion: str) -> float:
    return float(completion.startswith("second"))


def likes_all_the_same(prompt: str, completion: str) -> float:
    return 1.0


@pytest.mark.parametrize(
    ("a", "b", "noise", "probability"),
    [
        (3.0, 1.0, 2.0, 1 / (1 + math.exp(-1))),
        (1.0, 3.0, 2.0, 1 / (1 + math.exp(1))),
        (math.log(3), 0.0, 1.0, 0.75),  # odds of 3 to 1
        (5.0, 5.0, 1.0, 0.5),
        (5.0, 5.0, 0.0, 0.5),
        (5.1, 5.0, 0.0, 1.0),
        (5.0, 5.1, 0.0, 0.0),
        (1e300, -1e300, 1e-300, 1.0),
    ],
)
def test_the_better_answer_wins_with_the_probability_of_bradley_and_terry(
    a: float, b: float, noise: float, probability: float
) -> None:
    assert preference_probability(a, b, noise) == pytest.approx(probability)


def test_two_sides_of_one_comparison_add_up_to_one() -> None:
    for a, b, noise in [(1.0, 2.0, 0.5), (-3.0, 4.0, 7.0), (0.0, 0.1, 1.0)]:
        assert preference_probability(a, b, noise) + preference_probability(b, a, noise) == pytest.approx(1)


@pytest.mark.parametrize(
    ("probability", "strength"), [(0.3, 1), (0.5, 1), (0.64, 1), (0.65, 2), (0.8, 3), (0.94, 3), (0.95, 4), (1.0, 4)]
)
def test_a_clear_case_is_a_strong_preference(probability: float, strength: int) -> None:
    assert strength_of(probability) == strength


def test_without_noise_every_vote_is_for_the_better_answer_on_whichever_side(store: Store) -> None:
    add_pairs(store, 20)
    assert simulate(store, likes_second, 20, noise=0) == 20
    assert labels.counts(store) == {"a": 0, "b": 20, "tie": 0, "both_bad": 0, "all": 20}
    rows = store.rows("SELECT DISTINCT flipped FROM showings")
    assert len(rows) == 2


def test_with_noise_votes_are_for_the_better_answer_as_often_as_the_model_says(store: Store) -> None:
    add_pairs(store, 400)
    simulate(store, likes_second, 400, noise=1 / math.log(3), seed=1)  # so that it wins three times in four
    assert 265 < labels.counts(store)["b"] < 335  # four standard deviations about 300


def test_answers_of_equal_worth_are_a_tie(store: Store) -> None:
    add_pairs(store, 5)
    simulate(store, likes_all_the_same, 5)
    assert labels.counts(store)["tie"] == 5


def test_labelers_take_turns(store: Store) -> None:
    add_pairs(store, 9)
    simulate(store, likes_second, 9, labelers=3)
    rows = store.rows("SELECT labeler, count(*) AS n FROM showings GROUP BY labeler ORDER BY labeler")
    assert [(row["labeler"], row["n"]) for row in rows] == [(f"simulated-{n}", 3) for n in (1, 2, 3)]


def test_the_same_seed_decides_the_same() -> None:
    showing = Showing(1, 1, ({"role": "user", "content": "Hi"},), "second", "first")
    decisions = [[decide(showing, likes_second, 3.0, random.Random(seed)) for seed in range(20)] for _ in range(2)]
    assert decisions[0] == decisions[1]
    assert {verdict for verdict, _ in decisions[0]} == {"left", "right"}


def test_chance_decides_between_the_answers_and_not_between_the_sides() -> None:
    prompt = ({"role": "user", "content": "Hi"},)
    shown, turned = Showing(1, 1, prompt, "first", "second"), Showing(1, 1, prompt, "second", "first")  # type: ignore[arg-type]
    other_side = {"left": "right", "right": "left"}
    for seed in range(20):
        verdict, strength = decide(shown, likes_second, 1.0, random.Random(seed))
        assert decide(turned, likes_second, 1.0, random.Random(seed)) == (other_side[verdict], strength)


def test_the_same_seed_gives_the_same_votes(tmp_path: Path) -> None:
    votes = []
    for home in ("one", "two"):
        store = Store.open(tmp_path / home)
        add_pairs(store, 40)
        simulate(store, likes_second, 40, labelers=2, noise=1.0, seed=3)
        votes.append(store.rows("SELECT pair_id, labeler, verdict, strength" + VOTES))
    assert votes[0] == votes[1]
    assert {vote["verdict"] for vote in votes[0]} == {"a", "b"}


def test_a_taste_sees_the_whole_conversation() -> None:
    seen = []

    def looks(prompt: str, completion: str) -> float:
        seen.append(prompt)
        return len(completion)

    turns = ({"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"})
    decide(Showing(1, 1, turns, "a", "bc"), looks, 0, random.Random(0))  # type: ignore[arg-type]
    assert set(seen) == {"System: Be brief.\n\nUser: Hi"}


def test_when_the_pairs_run_out_the_votes_cast_stay(store: Store) -> None:
    add_pairs(store, 3)
    with pytest.raises(UserError, match="ran out after 3 of 5"):
        simulate(store, likes_second, 5)
    assert labels.counts(store)["all"] == 3


def test_when_the_taste_fails_the_votes_cast_stay(store: Store) -> None:
    add_pairs(store, 10)
    seen = []

    def fails_in_the_end(prompt: str, completion: str) -> float:
        seen.append(completion)
        return 1 / (9 - len(seen))

    with pytest.raises(UserError, match="ZeroDivisionError"):
        simulate(store, fails_in_the_end, 10)
    assert labels.counts(store)["all"] == 4


def number_in(prompt: str, completion: str) -> float:
    return float(completion.split()[-1]) // 2


def test_several_answers_are_put_in_the_order_of_their_utility(store: Store) -> None:
    add_sets(store, 3, answers=4)
    assert simulate(store, number_in, 3, noise=0) == 3
    assert ("answer 0", "answer 1", "tie", 0) in learned(store)
    assert ("answer 1", "answer 2", "b", 1) in learned(store)
    with pytest.raises(UserError, match="ran out after 0 of 1"):
        simulate(store, number_in, 1)


def test_every_two_of_several_answers_are_ordered_as_bradley_and_terry_have_it() -> None:
    shown = SetShowing(1, 1, ({"role": "user", "content": "Why?"},), ("0", "1", "3"))
    chance = random.Random(1)
    drawn = [ranks_of(shown, lambda _, text: float(text), 2.0, chance) for _ in range(4000)]
    for low, high in ((0, 1), (0, 2), (1, 2)):
        share = sum(ranks[high] < ranks[low] for ranks in drawn) / len(drawn)
        worth = float(shown.answers[high]), float(shown.answers[low])
        assert share == pytest.approx(preference_probability(*worth, 2.0), abs=0.03)
