"""All about one prompt; its near-duplicates; and the commands about prompts."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

import app
from labeling import ranking, session
from labeling.accounts import ensure_user
from labeling.rating import rate
from storage import browse, curation, demonstrations, duplicates, rounds, snapshots
from storage.browse import PromptListFilters, RankingListFilters
from storage.database import Store
from storage.errors import UserError
from storage.prompts import prompts_of
from storage.records import Details
from tests.conftest import add_pairs, add_texts
from tests.test_ranking import add_sets

STORY = "Tell me a long story about the old lighthouse on the island "


def test_a_prompts_history_has_everything_in_order_of_time(store: Store) -> None:
    ensure_user(store, "ann", "labeler")
    add_pairs(store, 1)
    (showing,) = session.serve(store, "local")
    session.vote(store, "local", showing.showing_id, "left", 4, "one", details=Details(comment="short and right"))
    session.undo(store, "local", "two")
    session.vote(store, "local", showing.showing_id, "skip", 0, "three", details=Details(flagged=True))
    session.vote(store, "local", showing.showing_id, "tie", 0, "four", amend=True)
    demonstrations.write(store, "local", showing.showing_id, "My own answer.")
    rate(store, "ann", [{"role": "user", "content": "Question 0?"}], 1, showing.left, "up", "five")
    curation.tag(store, [1], "maths", "ann")
    curation.decide(store, [1], "retired", "ann", "too easy")
    snapshot = snapshots.take(store)
    with store.write() as db:
        rounds.insert_round(db, "dpo", snapshot.snapshot_id, 1, {}, "ann")
    one = browse.one_prompt(store, 1)
    said = [f"{event.actor} {event.said}".strip() for event in one.history]
    assert said[0] == "came in from test, to train on"
    assert said[1] == "policy wrote 2 answers"
    assert said[2:6] == [
        "local voted A far better on pair 1",
        "local took back the vote on pair 1",
        "local flagged it on pair 1",
        "local voted tie on pair 1",
    ]
    assert said[-5:] == [
        "local wrote a demonstration",
        "ann gave a thumb up",
        "ann tagged it maths",
        "ann retired it",
        "ann began round 1 (dpo), with 1 vote on it frozen",
    ]
    assert [event.text for event in one.history if event.text] == ["short and right", "too easy"]
    counts = [len(rows) for rows in (one.pairs, one.votes, one.demonstrations, one.thumbs)]
    assert counts == [1, 1, 1, 1]
    assert (one.prompt.tags, one.prompt.withheld, one.prompt.votes) == (("maths",), "retired", 1)


def test_a_ranking_is_listed_with_its_answers_best_first(store: Store) -> None:
    add_sets(store, 2)
    for number, showing in enumerate(ranking.serve(store, "local", 2)):
        places = {text: place for place, text in enumerate(showing.answers)}
        order = [places[f"answer {n}"] for n in (2, 0, 3, 1)]  # the texts from best to worst, as shown
        ranks = [order.index(place) + 1 for place in range(4)]
        ranking.rank(store, "local", showing.showing_id, ranks, client_key=f"k{number}")
    listed = browse.rankings(store).rows
    assert [answer.text for answer in listed[0].answers] == ["answer 2", "answer 0", "answer 3", "answer 1"]
    assert [answer.rank for answer in listed[0].answers] == [1, 2, 3, 4]
    found = browse.rankings(store, RankingListFilters(search=f"topic {listed[0].prompt_id - 1}")).rows
    assert found == listed[:1] == browse.one_prompt(store, listed[0].prompt_id).rankings
    said = [event.said for event in browse.one_prompt(store, listed[0].prompt_id).history]
    assert "put answers in order" in said
    assert browse.rankings(store, RankingListFilters(flagged="yes")).rows == []
    assert len(browse.rankings(store, RankingListFilters(labeler="local")).rows) == 2


def test_prompts_are_filtered_by_what_became_of_them(store: Store) -> None:
    add_pairs(store, 4)
    (showing,) = session.serve(store, "local")
    session.vote(store, "local", showing.showing_id, "skip", 0, "one", details=Details(flagged=True))
    flagged = browse.votes(store).rows[0].prompt_id
    curation.tag(store, [1, 2], "maths", "ann")
    curation.decide(store, [4], "retired", "ann")
    ids = add_texts(store, "Write to ann.lee@mail.org")

    def those(**filters: str) -> list[int]:
        return [one.prompt_id for one in browse.prompts(store, PromptListFilters(**filters)).rows]

    assert those(tag="maths") == [2, 1]
    assert those(state="retired") == [4]
    assert those(state="held back") == those(state="personal data") == ids
    assert those(state="served") == [3, 2, 1]
    assert those(flagged="yes") == [flagged]
    assert those(model="policy", state="served", tag="maths") == [2, 1]
    assert those(votes="some") == those(split="heldout") == those(source="nowhere") == those(state="nonsense") == []
    assert browse.prompt_ids(store, PromptListFilters(tag="maths"), 1) == [2]


def test_all_near_duplicates_but_one_are_retired(store: Store) -> None:
    first, second, third, other = add_texts(store, *(STORY + word for word in ("today", "now", "again")), "Why?")
    found = duplicates.clusters(store)
    assert [cluster.prompt_ids for cluster in found.clusters] == [(first, second, third)]
    assert (found.found, found.looked_at) == (1, 4)
    assert duplicates.retire_others(store, second, "ann") == 2
    assert {prompt.prompt_id for prompt in prompts_of(store, "train")} == {second, other}
    with pytest.raises(UserError, match="has no near-duplicate"):
        duplicates.retire_others(store, second, "ann")
    assert duplicates.clusters(Store.open(store.home)).clusters == []


def test_the_commands_do_what_the_page_does(store: Store) -> None:
    def call(*arguments: str) -> dict[str, object]:
        done = CliRunner().invoke(app.cli, ["prompts", *arguments, "--home", str(store.home), "--json"])
        if done.exception:
            raise done.exception
        found: dict[str, object] = json.loads(done.stdout)
        return found

    assert call("add", "Write to ann.lee@mail.org") == {"prompt_id": 1, "added": True, "withheld": "personal data"}
    assert call("add", "Write to ann.lee@mail.org")["added"] is False
    assert call("release", "1") == {"changed": 1}
    call("add", STORY + "today", "--split", "train")
    call("add", STORY + "now", "--split", "train")
    assert call("tag", "maths", "1", "2") == {"changed": 2}
    assert call("tag", "maths", "2", "--remove") == {"changed": 1}
    assert call("retire", "1", "--reason", "spoilt") == {"changed": 1}
    listed = call("list", "--tag", "maths", "--state", "retired")["prompts"]
    assert [one["prompt_id"] for one in listed] == [1]  # type: ignore[attr-defined]
    assert call("restore", "1") == {"changed": 1}
    assert call("duplicates")["found"] == 1
    assert call("duplicates", "--retire-others", "3") == {"changed": 1}
    with pytest.raises(UserError, match="no state"):
        call("list", "--state", "gone")
