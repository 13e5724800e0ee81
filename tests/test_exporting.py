"""Export: what comes out is read by datasets, taken by TRL as it is, and comes back in unchanged."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import datasets
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer

from labeling import session
from labeling.accounts import ensure_user
from labeling.rating import rate
from storage import labels, ratings
from storage.database import Store
from storage.errors import UserError
from storage.exchange.exporting import export_file
from storage.exchange.importing import import_file
from storage.exchange.writing import FILES
from storage.prompts import NewPrompt, insert_prompts
from storage.records import NewCompletion
from tests.conftest import add_pairs
from tests.test_importing import preferences, prompts
from tests.tiny_models import make_model

VERDICTS = [("left", 4), ("right", 1), ("tie", 0), ("both_bad", 0), ("skip", 0), ("left", 2)]
LOADERS = {
    ".jsonl": "json",
    ".jsonl.gz": "json",
    ".json": "json",
    ".csv": "csv",
    ".csv.gz": "csv",
    ".parquet": "parquet",
}


@pytest.fixture
def ranked(store: Store) -> Store:
    """Six pairs with a vote of each verdict; the last vote is taken back."""
    add_pairs(store, len(VERDICTS))
    for showing, (verdict, strength) in zip(session.serve(store, "local", len(VERDICTS)), VERDICTS, strict=True):
        session.vote(store, "local", showing.showing_id, verdict, strength, f"key-{showing.showing_id}", 1.5)
    session.undo(store, "local", "undo")
    return store


def load(path: Path, cache: Path) -> datasets.Dataset:
    loader = next(LOADERS[suffix] for suffix in FILES if path.name.endswith(suffix))
    return datasets.load_dataset(loader, data_files=str(path), split="train", cache_dir=str(cache))


@pytest.mark.parametrize("suffix", FILES)
def test_datasets_reads_every_kind_of_file(ranked: Store, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"file{suffix}"
    assert export_file(ranked, path).count == 2
    rows = load(path, tmp_path / "cache")
    assert rows.column_names == ["prompt", "chosen", "rejected", "margin", "split"]
    (message,) = json.loads(rows[0]["chosen"]) if ".csv" in suffix else rows[0]["chosen"]
    assert (message["role"], message["content"]) == ("assistant", preferences(ranked)[0][0])
    assert [round(margin, 3) for margin in rows["margin"]] == [1, 0]


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_a_dpo_trainer_takes_an_export_as_it_is(ranked: Store, tmp_path: Path, suffix: str) -> None:
    export_file(ranked, tmp_path / f"file{suffix}")
    model = make_model("qwen2", tmp_path / "model")
    trainer = DPOTrainer(
        model=str(model),
        args=DPOConfig(str(tmp_path / "out"), use_cpu=True, bf16=False, report_to="none", max_steps=1),
        train_dataset=load(tmp_path / f"file{suffix}", tmp_path / "cache"),
    )
    assert trainer.train().training_loss == pytest.approx(0.693, abs=0.001)  # log 2: policy and reference agree yet


@pytest.fixture
def rated(ranked: Store) -> Store:
    """Three thumbs that stand, and one that was taken back."""
    for number, thumb in enumerate(("up", "down", "up", "down", "withdrawn")):
        rate(ranked, "local", [{"role": "user", "content": "Why?"}], 1, f"Answer {min(number, 3)}", thumb, thumb)
    return ranked


@pytest.mark.parametrize("suffix", FILES)
def test_thumbs_are_exported_as_unpaired_preferences_and_come_back(rated: Store, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"file{suffix}"
    assert export_file(rated, path, what="ratings").count == 3
    rows = load(path, tmp_path / "cache")
    assert rows["label"] == [True, False, True]
    assert (rows[0]["labeler"], rows[0]["model"], rows[0]["split"]) == ("local", "policy", "train")
    assert (import_file(rated, path).imported, import_file(rated, path).known) == (0, 3)
    other = Store.open(tmp_path / "other")
    assert import_file(other, path, strict=True).imported == 3
    assert [(row["prompt"], row["completion"], row["thumb"]) for row in ratings.rows(other)] == [
        (row["prompt"], row["completion"], row["thumb"]) for row in ratings.rows(rated)
    ]


def test_a_kto_trainer_takes_an_export_of_thumbs_as_it_is(rated: Store, tmp_path: Path) -> None:
    export_file(rated, tmp_path / "file.jsonl", what="ratings")
    trainer = KTOTrainer(
        model=str(make_model("qwen2", tmp_path / "model")),
        args=KTOConfig(str(tmp_path / "out"), use_cpu=True, bf16=False, report_to="none", max_steps=1),
        train_dataset=load(tmp_path / "file.jsonl", tmp_path / "cache"),
    )
    assert trainer.train().training_loss == pytest.approx(0.5, abs=0.001)  # policy and reference agree yet


@pytest.mark.parametrize("suffix", FILES)
def test_every_vote_that_stands_is_exported_with_all_that_is_known_of_it(
    ranked: Store, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"votes{suffix}"
    assert export_file(ranked, path, what="votes").count == 5
    rows = load(path, tmp_path / "cache").to_list()
    assert [row["verdict"] in "ab" for row in rows[:2]] == [True, True]
    assert [row["verdict"] for row in rows[2:]] == ["tie", "both_bad", "skip"]
    first = rows[0]
    assert (first["labeler"], first["strength"], first["seconds"], first["model_a"]) == ("local", 4, 1.5, "policy")
    assert (first["source"], first["split"]) == ("generated", "train")
    assert (first["verdict"] == "b") == first["flipped"]  # the left one was voted for


def test_a_change_of_mind_is_exported_once_with_what_it_supersedes(store: Store, tmp_path: Path) -> None:
    add_pairs(store, 1)
    (showing,) = session.serve(store, "local")
    first = session.vote(store, "local", showing.showing_id, "left", 4, "key")
    session.vote(store, "local", showing.showing_id, "right", 2, "again", amend=True)
    assert export_file(store, tmp_path / "votes.jsonl", what="votes").count == 1
    row = json.loads((tmp_path / "votes.jsonl").read_text())
    assert (row["supersedes"], row["strength"]) == (first.preference_id, 2)


@pytest.mark.parametrize("suffix", FILES)
def test_an_export_comes_back_as_it_was(ranked: Store, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"file{suffix}"
    export_file(ranked, path)
    other = Store.open(tmp_path / "other")
    assert import_file(other, path, strict=True).imported == 2
    assert preferences(other) == [row for row in preferences(ranked) if row[2]][:2]


def test_an_export_that_is_imported_where_it_came_from_doubles_nothing(ranked: Store, tmp_path: Path) -> None:
    export_file(ranked, tmp_path / "file.jsonl")
    report = import_file(ranked, tmp_path / "file.jsonl")
    assert (report.imported, report.known) == (0, 2)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
QUESTION = TEXT.filter(str.strip)


@settings(max_examples=15, deadline=None)
@given(
    rows=st.lists(st.tuples(QUESTION, TEXT, TEXT, st.integers(1, 4)).filter(lambda row: row[1] != row[2]), min_size=1),
    suffix=st.sampled_from(list(FILES)),
)
def test_any_texts_survive_export_and_import(rows: list[tuple[str, str, str, int]], suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Store.open(Path(folder, "source")), Store.open(Path(folder, "target"))
        ensure_user(source, "local", "admin")
        turns = [
            NewPrompt(({"role": "system", "content": "Be brief."}, {"role": "user", "content": question}), "test")
            for question, *_ in rows
        ]
        for prompt, (_, chosen, rejected, strength) in zip(turns, rows, strict=True):
            vote_on(source, prompt, chosen, rejected, strength)
        path = Path(folder, f"file{suffix}")
        export_file(source, path)
        import_file(target, path, strict=True)
        assert preferences(target) == preferences(source)
        assert prompts(target) == prompts(source)


def vote_on(store: Store, prompt: NewPrompt, chosen: str, rejected: str, strength: int) -> None:
    """Store a preference the way a pair that people ranked is stored."""
    with store.write() as db:
        (prompt_id,) = insert_prompts(db, [prompt])
        a, b = labels.insert_completions(db, [NewCompletion(prompt_id, text) for text in (chosen, rejected)])
        showing_id = labels.insert_showing(db, labels.insert_pair(db, prompt_id, a, b, "generated"), "local", False)
        labels.insert_preference(db, showing_id, "key", "a", strength, None, None)


@pytest.mark.parametrize(
    ("name", "what", "format", "sentence"),
    [
        ("file.xlsx", "preferences", "trl", "has to end in .jsonl"),
        ("file.jsonl", "secrets", "trl", "take preferences, demonstrations, ratings, votes, rankings, prompts"),
        ("file.jsonl", "preferences", "excel", "in: take .*trl"),
        ("there.jsonl", "preferences", "trl", "exists already"),
        ("no/such/folder.jsonl", "preferences", "trl", "could not be written"),
    ],
)
def test_an_export_that_cannot_be_is_one_sentence(
    ranked: Store, tmp_path: Path, name: str, what: str, format: str, sentence: str
) -> None:
    (tmp_path / "there.jsonl").write_text("mine")
    with pytest.raises(UserError, match=sentence):
        export_file(ranked, tmp_path / name, what, format)
    assert (tmp_path / "there.jsonl").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "there.jsonl"]


def test_with_nothing_to_export_no_file_appears(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="rank some pairs"):
        export_file(store, tmp_path / "file.jsonl")
    with pytest.raises(UserError, match="give answers in the chat a thumb"):
        export_file(store, tmp_path / "file.jsonl", what="ratings")
    assert not (tmp_path / "file.jsonl").exists()
