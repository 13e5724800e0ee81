"""Ranking several answers at once: served, stored as a ranking, and told apart into votes that come and go with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils.utils import sqlite3

from labeling import decisions, ranking, session
from labeling.accounts import ensure_user
from storage import answer_sets, labels, snapshots
from storage.database import Store
from storage.errors import UserError
from storage.exchange.exporting import export_file
from storage.exchange.importing import import_file
from storage.project import set_project
from storage.rankings import votes_of
from storage.records import Details, NewCompletion, SetShowing
from tests.conftest import add_pairs, add_texts, every_row, promote_policy


def add_sets(store: Store, count: int, answers: int = 4, tag: str = "") -> list[int]:
    """`count` sets, each on a prompt of its own, by a promoted policy named after `tag`; returns the set ids."""
    model_id = promote_policy(store, f"ranked{tag}")
    prompt_ids = add_texts(store, *(f"Topic {tag}{n}?" for n in range(count)))
    with store.write() as db:
        return [
            answer_sets.insert_set(
                db,
                prompt_id,
                labels.insert_completions(
                    db, [NewCompletion(prompt_id, f"answer {n}", model_id) for n in range(answers)]
                ),
                model_id,
            )
            for prompt_id in prompt_ids
        ]


@pytest.fixture
def shown(store: Store) -> SetShowing:
    add_sets(store, 1)
    (showing,) = ranking.serve(store, "local")
    return showing


def learned(store: Store) -> set[tuple[str, str, str, int]]:
    """What a snapshot has of the answers: a, b, which of them, and how clearly."""
    return {
        (row["completion_a"], row["completion_b"], row["verdict"], row["strength"])
        for row in snapshots.current_rows(store)
    }


def ranks_by_text(shown: SetShowing, ranks: dict[str, int]) -> list[int]:
    return [ranks[text] for text in shown.answers]


IN_ORDER = {"answer 0": 1, "answer 1": 2, "answer 2": 2, "answer 3": 3}


def test_a_ranking_is_a_vote_for_every_two_answers() -> None:
    assert votes_of([1, 2, 3]) == [(0, 1, "a", 1), (0, 2, "a", 2), (1, 2, "a", 1)]
    assert votes_of([2, 1, 2]) == [(0, 1, "b", 1), (0, 2, "tie", 0), (1, 2, "a", 1)]
    assert votes_of([1, 2, 3, 4, 5, 6])[4] == (0, 5, "a", 4)
    assert [len(votes_of(range(k))) for k in (3, 4, 8)] == [3, 6, 28]


def test_what_is_stored_is_in_the_sets_own_order_whatever_was_shown(store: Store) -> None:
    add_sets(store, 6)
    orders = set()
    for shown in ranking.serve(store, "local", 6):
        orders.add(shown.answers)
        ranking.rank(store, "local", shown.showing_id, ranks_by_text(shown, IN_ORDER), client_key="key")
    assert len(orders) > 1
    assert {row["ranks"] for row in store.rows("SELECT ranks FROM rankings")} == {"[1, 2, 2, 3]"}
    assert learned(store) == {
        ("answer 0", "answer 1", "a", 1),
        ("answer 0", "answer 2", "a", 1),
        ("answer 0", "answer 3", "a", 2),
        ("answer 1", "answer 2", "tie", 0),
        ("answer 1", "answer 3", "a", 1),
        ("answer 2", "answer 3", "a", 1),
    }


def test_an_answer_that_names_its_model_is_marked(store: Store) -> None:
    (set_id,) = add_sets(store, 1)
    prompt = store.row("SELECT * FROM answer_sets WHERE set_id = ?", [set_id])
    assert prompt is not None
    texts = ["I am ChatGPT.", "Grass is.", "Leaves are."]
    with store.write() as db:
        ids = labels.insert_completions(db, [NewCompletion(prompt["prompt_id"], text) for text in texts])
        answer_sets.insert_set(db, prompt["prompt_id"], ids, prompt["model_id"])
    marked = {tuple(shown.answers[place] for place in shown.leaks) for shown in ranking.serve(store, "local", 2)}
    assert marked == {(), (texts[0],)}


def test_the_same_key_again_and_a_second_ranking_change_nothing(store: Store, shown: SetShowing) -> None:
    first = ranking.rank(store, "local", shown.showing_id, [1, 2, 2, 3], client_key="key")
    before = every_row(store)
    again = ranking.rank(store, "local", shown.showing_id, [1, 2, 2, 3], client_key="key")
    other = ranking.rank(store, "local", shown.showing_id, [3, 2, 2, 1], client_key="other")
    assert again == other == type(first)(first.ranking_id, shown.showing_id, "ranked", (1, 2, 2, 3), True)
    assert every_row(store) == before


def test_a_change_of_mind_supersedes_every_vote(store: Store, shown: SetShowing) -> None:
    ranking.rank(store, "local", shown.showing_id, ranks_by_text(shown, IN_ORDER), client_key="key")
    upside_down = {text: 4 - rank for text, rank in IN_ORDER.items()}
    ranking.rank(store, "local", shown.showing_id, ranks_by_text(shown, upside_down), client_key="new", amend=True)
    assert len(learned(store)) == 6
    assert ("answer 0", "answer 3", "b", 2) in learned(store)
    assert len(store.rows("SELECT * FROM preferences")) == 12


@pytest.mark.parametrize("verdict", ["skip", "all_bad"])
def test_a_set_can_be_skipped_or_be_bad_as_a_whole(store: Store, shown: SetShowing, verdict: str) -> None:
    ranking.rank(store, "local", shown.showing_id, [1, 2, 3, 4], client_key="key")
    ranking.rank(store, "local", shown.showing_id, (), verdict, "new", amend=True)
    assert {(said, strength) for _, _, said, strength in learned(store)} == (
        {("both_bad", 0)} if verdict == "all_bad" else set()
    )
    assert ranking.serve(store, "local") == []


def test_an_undo_takes_back_the_ranking_and_its_votes_once(store: Store, shown: SetShowing) -> None:
    ranking.rank(store, "local", shown.showing_id, [1, 2, 3, 4], client_key="key")
    assert decisions.undo(store, "local", "undo") == shown
    assert decisions.undo(store, "local", "undo") == shown
    assert learned(store) == set()
    assert ranking.serve(store, "local") == [shown]
    ranking.rank(store, "local", shown.showing_id, [4, 3, 2, 1], client_key="again")
    assert decisions.undo(store, "local", "undo") == shown  # a retry of the first undo
    assert len(learned(store)) == 6


def test_an_undo_takes_back_what_was_decided_last_of_pairs_and_sets(store: Store, shown: SetShowing) -> None:
    add_pairs(store, 1)
    (pair,) = session.serve(store, "local")
    ranking.rank(store, "local", shown.showing_id, [1, 2, 3, 4], client_key="one")
    session.vote(store, "local", pair.showing_id, "tie", 0, "two")
    assert decisions.undo(store, "local", "undo one") == pair
    assert decisions.undo(store, "local", "undo two") == shown
    assert decisions.undo(store, "local", "undo three") is None
    ranking.rank(store, "local", shown.showing_id, [1, 2, 3, 4], client_key="three")
    assert decisions.undo(store, "local", "undo four", shown.showing_id) == shown


def test_a_set_that_somebody_has_or_has_ranked_is_served_to_nobody_else(store: Store, shown: SetShowing) -> None:
    ensure_user(store, "mara", "labeler")
    assert ranking.serve(store, "mara") == []
    ranking.rank(store, "local", shown.showing_id, (), "skip", "key")
    (other,) = ranking.serve(store, "mara")
    ranking.rank(store, "mara", other.showing_id, ranks_by_text(other, IN_ORDER), client_key="key")
    assert (ranking.serve(store, "local"), ranking.serve(store, "mara")) == ([], [])
    assert len(learned(store)) == 6


def test_a_set_goes_to_as_many_people_as_a_pair_and_to_more_where_they_differ(store: Store) -> None:
    add_sets(store, 1)
    for name in ("mara", "juno", "otto"):
        ensure_user(store, name, "labeler")
    set_project(store, "overlap", 2, "test")
    first, second = (ranking.serve(store, name)[0] for name in ("local", "mara"))
    assert ranking.serve(store, "juno") == []  # both places are held
    ranking.rank(store, "local", first.showing_id, ranks_by_text(first, IN_ORDER), client_key="key")
    ranking.rank(store, "mara", second.showing_id, ranks_by_text(second, IN_ORDER), client_key="key")
    assert ranking.serve(store, "juno") == []
    other = {**IN_ORDER, "answer 0": 2, "answer 1": 1}
    ranking.rank(store, "mara", second.showing_id, ranks_by_text(second, other), client_key="new", amend=True)
    assert [one.set_id for one in ranking.serve(store, "juno")] == [first.set_id]
    assert ranking.serve(store, "otto") == []
    assert len({row["pair_id"] for row in store.rows("SELECT pair_id FROM pairs WHERE source = 'ranking'")}) == 6


def test_what_a_page_holds_is_not_served_again_and_the_promoted_models_sets_come_first(store: Store) -> None:
    add_sets(store, 2, tag="old")
    new = add_sets(store, 2, tag="new")
    held = ranking.serve(store, "local", 2)
    assert {one.set_id for one in held} == set(new)
    more = ranking.serve(store, "local", 9, [one.showing_id for one in held])
    assert len(more) == 2
    assert answer_sets.of_other_models(store, [one.showing_id for one in [*held, *more]]) == {
        one.showing_id for one in more
    }


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"ranks": [1, 2, 3]}, "A ranking of 4 answers gives each a rank"),
        ({"ranks": [1, 2, 4, 4]}, "leaves none out"),
        ({"ranks": [0, 1, 2, 3]}, "from 1 on"),
        ({"ranks": [1, 2, 3, True]}, "whole numbers"),
        ({"ranks": "1234"}, "whole numbers"),
        ({"ranks": [1, 1, 1, 1], "verdict": "skip"}, "has no ranks"),
        ({"verdict": "left"}, "is not what a set can be"),
        ({"client_key": ""}, "client_key"),
        ({"showing_id": 5}, "was not served to local"),
        ({"details": Details(flagged=True)}, "flag it, or rank it"),
        ({"details": Details(ratings={"honest": (1, 2)})}, "two answers of a pair"),
    ],
)
def test_what_is_no_ranking_changes_nothing(
    store: Store, shown: SetShowing, given: dict[str, Any], sentence: str
) -> None:
    before = every_row(store)
    asked = {"showing_id": shown.showing_id, "ranks": [1, 2, 3, 4], "client_key": "key", **given}
    with pytest.raises(UserError, match=sentence):
        ranking.rank(store, "local", **asked)
    assert every_row(store) == before


def test_a_stored_ranking_cannot_be_changed_or_deleted(store: Store, shown: SetShowing) -> None:
    ranking.rank(store, "local", shown.showing_id, [1, 2, 3, 4], client_key="key")
    for sql in ("UPDATE rankings SET ranks = '[1]'", "DELETE FROM rankings", "DELETE FROM ranking_votes"):
        with pytest.raises(sqlite3.IntegrityError), store.write() as db:
            db.execute(sql)


def test_rankings_go_out_as_they_were_given_and_come_in_as_votes(
    store: Store, shown: SetShowing, tmp_path: Path
) -> None:
    said = Details(reasons=("clearer",), comment="The first has it all.")
    ranks = ranks_by_text(shown, IN_ORDER)
    ranking.rank(store, "local", shown.showing_id, ranks, client_key="key", seconds=9.0, details=said)
    file = tmp_path / "rankings.jsonl"
    assert export_file(store, file, "rankings").count == 1
    row = json.loads(file.read_text())
    assert row["ranks"] == [1, 2, 2, 3]
    assert [row["completions"][place] for place in row["arrangement"]] == list(shown.answers)
    assert (row["reasons"], row["comment"], row["labeler"]) == (["clearer"], "The first has it all.", "local")
    elsewhere = Store.open(tmp_path / "elsewhere")
    import_file(elsewhere, file)
    votes = elsewhere.rows("SELECT verdict, strength FROM preferences")
    assert sorted(vote["strength"] for vote in votes) == [0, 1, 1, 1, 1, 2]
    for suffix in (".csv", ".parquet"):
        same = file.with_suffix(suffix)
        export_file(store, same, "rankings")
        report = import_file(elsewhere, same)
        assert (report.format, report.imported, report.known, report.rejected) == ("rankings", 0, 6, [])
