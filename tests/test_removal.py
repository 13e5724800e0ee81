"""A removed person: their name is in no row any more, what they did stays, and nobody learns less of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labeling.accounts import add_user
from labeling.invitations import accept, invite
from labeling.logins import make_token, session_user
from labeling.removal import in_words, remove_user
from labeling.session import serve, vote
from storage import project, ratings, recipes, registry, rounds, snapshots
from storage.database import Store, sqlite3
from storage.errors import UserError
from storage.exchange.exporting import export_file
from storage.exchange.importing import import_file
from storage.former import FORMER, NAMED, columns, renamed
from storage.lineage import influence
from tests.conftest import add_pairs, at_once, every_row

PASSWORD = "correct horse battery"


@pytest.fixture
def busy(store: Store) -> Store:
    """A store in which Ann has left her name wherever one can."""
    for name, role in (("ann", "researcher"), ("ada", "admin")):
        add_user(store, name, role, "ada")
        accept(store, invite(store, name, "ann").path.removeprefix("/invitation/"), PASSWORD)
    make_token(store, "ann", 1, "ann")
    add_pairs(store, 6)
    for number in range(4):
        (showing,) = serve(store, "ann")
        vote(store, "ann", showing.showing_id, "left", 2, f"key {number}")
    project.set_project(store, "criteria", ["helpful"], "ann")
    recipes.save(store, "mine", {"exclude_labelers": ["ann", "bob"], "method": "dpo"}, "ann")
    snapshot = snapshots.take(store)
    with store.write() as db:
        policy = registry.promoted(store)
        assert policy is not None
        card = {"kind": "dpo", "recipe": {"fold": "train"}, "inputs": {"votes": {"snapshot": snapshot.sha256}}}
        registry.register(db, "learned", "policy", "models/learned", "ann", policy.model_id, card=card)
        rounds.insert_round(db, "dpo", snapshot.snapshot_id, policy.model_id, {"exclude_labelers": ["ann"]}, "ann")
        registry.insert_promotion(db, policy.model_id + 1, "ann")
    return store


def words_of(store: Store) -> set[object]:
    """Every value in the database, and every string in its JSON."""
    found: set[object] = set()

    def gather(value: object) -> None:
        for one in (*value.keys(), *value.values()) if isinstance(value, dict) else value:  # type: ignore[attr-defined]
            gather(one) if isinstance(one, (dict, list)) else found.add(one)

    for rows in every_row(store).values():
        for row in rows:
            gather(list(row.values()))
            for value in row.values():
                if isinstance(value, str) and value.startswith(("[", "{")):
                    gather(json.loads(value))
    return found


def test_the_name_is_gone_and_all_else_is_as_it_was(busy: Store) -> None:
    before = every_row(busy)
    assert "ann" in words_of(busy)
    removal = remove_user(busy, "ann", "ada")
    assert removal.pseudonym.startswith(FORMER)
    assert "ann" not in words_of(busy)
    after = every_row(busy)
    kept = before.keys() - {"passwords", "invitations", "sessions", "former_people", "journal", "users"}
    for table in kept:
        assert after[table] == [
            {name: one.replace("ann", removal.pseudonym) if isinstance(one, str) else one for name, one in row.items()}
            for row in before[table]
        ]
    assert len(after["journal"]) == len(before["journal"]) + 1
    assert not busy.rows("PRAGMA foreign_key_check")


def test_rows_are_kept_as_before_once_it_is_done(busy: Store) -> None:
    triggers = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name"
    before = busy.rows(triggers)
    remove_user(busy, "ann", "ada")
    assert busy.rows(triggers) == before
    for table in ("showings", "preferences", "journal", "promotions"):
        with pytest.raises(sqlite3.IntegrityError), busy.write() as db:
            db.execute(f"DELETE FROM {table}")


def test_what_they_have_shaped_is_told_and_goes_on_being_traced(busy: Store) -> None:
    shaped = influence(busy, "ann")
    removal = remove_user(busy, "ann", "ada")
    assert removal.models == ("learned",)
    assert [name for name in removal.files if Path(name).suffix == ".parquet"] == list(removal.files)
    assert len(removal.files) == 1
    assert influence(busy, removal.pseudonym) == shaped
    said = " ".join(in_words("ann", removal))
    assert "They have shaped learned." in said
    assert removal.files[0] in said


def test_nobody_gets_the_name_of_somebody_whom_files_still_name(busy: Store) -> None:
    remove_user(busy, "ann", "ada")
    with pytest.raises(UserError, match="ann was removed"):
        add_user(busy, "ann", "labeler", "ada")


def test_a_removed_person_is_out_at_once(busy: Store) -> None:
    token = make_token(busy, "ann", 1, "test")
    remove_user(busy, "ann", "ada")
    assert session_user(busy, token) is None


def test_of_two_who_remove_somebody_at_once_one_is_told_they_are_gone(busy: Store) -> None:
    def remove() -> str:
        try:
            return remove_user(busy, "ann", "ada").pseudonym
        except UserError as error:
            return str(error)

    said = sorted(at_once(3, remove))
    assert [one.partition("'")[0] for one in said[:2]] == ["There is no user named "] * 2
    assert said[2].startswith(FORMER)


def test_a_file_that_names_a_removed_person_brings_the_name_not_back(busy: Store, tmp_path: Path) -> None:
    file = tmp_path / "votes.jsonl"
    export_file(busy, file, "votes")
    removal = remove_user(busy, "ann", "ada")
    assert import_file(busy, file, actor="ada").imported == 0  # they said all of it already
    assert '"ann"' in file.read_text()
    file.write_text(file.read_text().replace(" answer", " other answer"))
    assert import_file(busy, file, actor="ada").imported > 0
    assert not any("ann" in str(word).split(":") for word in words_of(busy))
    assert f"imported:{removal.pseudonym}" in words_of(busy)


@pytest.mark.parametrize("name", ["local", "imported", "nobody", "ada"])
def test_who_cannot_go_stays(busy: Store, name: str) -> None:
    before = every_row(busy)
    with pytest.raises(UserError):
        remove_user(busy, name, "cli")
    assert every_row(busy) == before


def test_of_json_only_what_tells_of_people_is_changed() -> None:
    said = {"method": "train", "exclude_labelers": ["train"], "by": {"labeler": {"train": [1]}}, "fold": "train"}
    assert renamed(said, "train", "x") == {
        "method": "train",
        "exclude_labelers": ["x"],
        "by": {"labeler": {"x": [1]}},
        "fold": "train",
    }


def test_every_column_with_a_name_in_it_is_known(store: Store) -> None:
    """A column that tells who did something refers to `users`, or has a name that `storage.former` looks for."""
    words = ("actor", "labeler", "user", "person", "author", "owner", "writer", "_by", "reviewer", "adjudicator")
    for table in every_row(store):
        refers = {one["from"] for one in store.rows(f"PRAGMA foreign_key_list({table})") if one["table"] == "users"}
        for column in columns(store.db(), table):
            if any(word in column for word in words) and table != "users":
                assert column in refers or NAMED.fullmatch(column), f"{table}.{column}"


def test_a_thumb_too_is_theirs_under_the_pseudonym(busy: Store) -> None:
    with busy.write() as db:
        ratings.insert_rating(db, 1, "ann", "up", "k")
    removal = remove_user(busy, "ann", "ada")
    assert [row["labeler"] for row in busy.rows("SELECT labeler FROM ratings")] == [removal.pseudonym]
