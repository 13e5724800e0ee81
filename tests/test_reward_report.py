"""The report on a reward model, worked out by hand from a few scored votes."""

from __future__ import annotations

import math
from typing import Any

import pytest

from alignment.reward_report import POINTS, ScoredVote, headline, newest_policy, reward_report

THREE = math.log(3)  # a margin at which the answer with more wins with probability 3/4


def scored(number: int, margin: float, verdict: str = "a", **row: Any) -> ScoredVote:
    """A vote on a prompt of its own whose answer a is scored `margin` above b, which is scored 0."""
    given = {
        "preference_id": number,
        "pair_id": number,
        "prompt_id": number,
        "labeler": "ann",
        "prompt": [{"role": "user", "content": f"Question {number}?"}],
        "completion_a": "a longer answer",
        "completion_b": "short",
        "model_a": "demo",
        "model_b": "demo",
        "verdict": verdict,
        "strength": 2 if verdict in ("a", "b") else 0,
    }
    return ScoredVote({**given, **row}, margin, 0.0)


def report_on(*votes: ScoredVote) -> dict[str, Any]:
    return reward_report([vote.row for vote in votes], votes)


def test_accuracy_is_of_votes_for_one_side_and_the_others_are_counted() -> None:
    report = report_on(
        scored(1, 2.0), scored(2, -1.0, "b"), scored(3, 1.0, "b"), scored(4, 0.2, "tie"), scored(5, 0.0, "both_bad")
    )
    accuracy = report["accuracy"]
    assert (accuracy["accuracy"], accuracy["votes"], accuracy["prompts"]) == (pytest.approx(2 / 3), 3, 3)
    assert accuracy["low"] < 2 / 3 < accuracy["high"]
    assert (report["ties"], report["both_bad"], report["votes"], report["newest_vote"]) == (1, 1, 5, 5)
    assert report["mean_margin"] == {"ties": pytest.approx(0.2), "votes": pytest.approx(4 / 3)}
    assert headline(report)["accuracy"] == accuracy["accuracy"]


def test_slices_are_by_who_wrote_the_pair_who_voted_how_they_agree_and_how_strong() -> None:
    report = report_on(
        scored(1, 1.0, model_a="old", model_b="old"),
        scored(2, -1.0, labeler="bob", strength=4),
        scored(2, 1.0, labeler="eva", strength=1),
        scored(3, 1.0, model_b=None),
    )
    slices = {
        side: [(one["name"], one["accuracy"], one["votes"]) for one in found]
        for side, found in report["slices"].items()
    }
    assert slices == {
        "round": [("old", 1, 1), ("demo", 0.5, 2), ("demo and imported", 1, 1)],
        "labeler": [("ann", 1, 2), ("bob", 0, 1), ("eva", 1, 1)],
        "agreement": [("all agree", 0.5, 2), ("one vote only", 1, 2)],
        "strength": [("1, barely", 1, 1), ("2", 1, 2), ("4, far better", 0, 1)],
    }
    assert report["ceiling"]["between"]["agreement"] == 1
    assert report["ceiling"]["best"] == 1


def test_calibration_compares_how_sure_it_was_with_how_often_it_was_right() -> None:
    report = report_on(*(scored(number, THREE, "a" if number <= 2 else "b") for number in (1, 2, 3, 4)))
    (only,) = report["calibration"]["bins"]
    assert only == {"probability": pytest.approx(0.75), "won": 0.5, "votes": 4}
    assert report["calibration"]["ece"] == pytest.approx(0.25)


def test_score_against_length_counts_each_answer_once() -> None:
    report = report_on(scored(1, 1.0), scored(1, 1.0, labeler="bob"), scored(2, 3.0))
    assert report["length"]["answers"] == 4
    assert sorted(report["length"]["points"]) == [[1, 0.0], [1, 0.0], [3, 1.0], [3, 3.0]]
    # scores 0, 0, 1, 3 with mean 1 at 1, 1, 3, 3 words with mean 2: 4 / sqrt(6 * 4)
    assert report["length"]["correlation"] == pytest.approx(4 / math.sqrt(24))


def test_of_many_answers_some_are_drawn() -> None:
    report = report_on(*(scored(number, 0.5) for number in range(1000)))
    assert report["length"]["answers"] == 2000
    assert POINTS / 2 < len(report["length"]["points"]) <= POINTS


def test_mistakes_begin_with_the_most_confident_and_are_ten_at_most() -> None:
    report = report_on(
        *(scored(number, number / 10, "b") for number in range(1, 20)), scored(30, -5.0), scored(31, 5.0)
    )
    mistakes = report["mistakes"]
    assert [one["preference_id"] for one in mistakes] == [30, *range(19, 10, -1)]
    assert mistakes[0]["chosen"] == "a longer answer"
    assert mistakes[1] | {"probability": 0} == {
        "preference_id": 19,
        "labeler": "ann",
        "strength": 2,
        "probability": 0,
        "prompt": "Question 19?",
        "chosen": "short",
        "rejected": "a longer answer",
    }
    assert mistakes[0]["probability"] == pytest.approx(1 / (1 + math.exp(-5)))


def by(policy: str, count: int, right: int, first: int) -> list[ScoredVote]:
    """Votes on a policy's pairs, so many of them as the model says."""
    return [
        scored(first + n, 1.0, "a" if n < right else "b", model_a=policy, model_b=policy, pair_id=first + n)
        for n in range(count)
    ]


def test_it_is_stale_when_the_newest_policys_pairs_are_below_the_others_interval() -> None:
    old = by("demo", 40, 36, first=1)  # 0.9, and by Wilson 0.769 to 0.960
    found = {
        right: newest_policy([*by("round-1", 20, right, first=100), *old])  # votes come in any order
        for right in (15, 16)
    }
    assert [(one or {})["stale"] for one in found.values()] == [True, False]
    assert (found[15] or {})["policy"] == "round-1"
    assert (found[15] or {})["older"]["votes"] == 40


def test_a_few_votes_do_not_make_it_stale() -> None:
    found = newest_policy([*by("demo", 40, 36, first=1), *by("round-1", 9, 0, first=100)])
    assert found is not None
    assert (found["stale"], found["enough"]) == (False, False)


def test_where_one_policy_wrote_all_pairs_nothing_is_said_about_the_newest() -> None:
    assert newest_policy(by("demo", 5, 5, first=1)) is None


def test_without_a_vote_there_is_a_report_of_nothing() -> None:
    report = report_on(scored(1, 0.0, "tie"))
    assert report["accuracy"] == {"votes": 0, "prompts": 0}
    assert headline(report) == {"heldout_pairs": 0}
    assert report["mistakes"] == report["slices"]["round"] == []
