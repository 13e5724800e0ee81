"""Import: every form of file, all or nothing, never twice, and nothing hostile gets through."""

from __future__ import annotations

import contextlib
import csv
import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils.utils import sqlite3

from storage import ratings, snapshots
from storage.database import Store
from storage.errors import UserError
from storage.exchange import reading
from storage.exchange.formats import FORMATS, alpaca, hh, self_instruct, trl, unpaired
from storage.exchange.formats import prompts as plain
from storage.exchange.importing import import_file
from storage.exchange.reading import BadRow
from storage.exchange.tables import COLUMNS

CHAT = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]
PREFERENCE = {"prompt": "What is green?", "chosen": "Grass.", "rejected": "Snow."}

RATING = {"prompt": "What is green?", "completion": "Grass.", "label": True}


def jsonl(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def prompts(store: Store) -> list[Any]:
    return [json.loads(row["messages"]) for row in store.rows("SELECT messages FROM prompts ORDER BY prompt_id")]


def preferences(store: Store) -> list[tuple[str, str, int]]:
    """(chosen, rejected, strength) of every stored preference."""
    rows = store.rows(
        "SELECT p.verdict, p.strength, x.text AS a, y.text AS b FROM preferences p JOIN showings s USING (showing_id)"
        " JOIN pairs r USING (pair_id) JOIN completions x ON x.completion_id = r.completion_a"
        " JOIN completions y ON y.completion_id = r.completion_b ORDER BY p.preference_id"
    )
    return [(r["a"], r["b"], r["strength"]) if r["verdict"] == "a" else (r["b"], r["a"], r["strength"]) for r in rows]


def everything(store: Store) -> list[int]:
    tables = ("users", "prompts", "completions", "pairs", "showings", "preferences", "ratings", "journal")
    return [store.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in tables]


# What a row of each format means.


def test_a_conversation_becomes_a_prompt_without_its_last_answer() -> None:
    assert plain.read({"messages": CHAT}).prompt == tuple(CHAT[:1])
    assert plain.read("Hi") == plain.read({"prompt": "Hi"}) == plain.read({"prompt": CHAT[:1]})


def test_an_instruction_and_its_input_are_one_prompt() -> None:
    (message,) = alpaca.read_prompt({"instruction": "Translate.", "input": "Bonjour", "output": "Hello"}).prompt
    assert message == {"role": "user", "content": "Translate.\n\nBonjour"}
    assert alpaca.read_prompt({"instruction": "Sing.", "input": ""}).prompt[0]["content"] == "Sing."
    task = {"instruction": "Add.", "instances": [{"input": "1 2", "output": "3"}, {"input": "2 2", "output": "4"}]}
    assert [row.prompt[0]["content"] for row in self_instruct.read_prompts(task)] == ["Add.\n\n1 2", "Add.\n\n2 2"]
    assert [row.answer for row in self_instruct.read_demonstrations(task)] == ["3", "4"]


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Hi", "chosen": "Hello.", "rejected": "Go."},
        {"prompt": CHAT[:1], "chosen": "Hello.", "rejected": "Go."},
        {"prompt": CHAT[:1], "chosen": CHAT[1:], "rejected": [{"role": "assistant", "content": "Go."}]},
        {"prompt": "Hi", "chosen": CHAT, "rejected": [CHAT[0], {"role": "assistant", "content": "Go."}]},
        {"chosen": CHAT, "rejected": [CHAT[0], {"role": "assistant", "content": "Go."}]},
    ],
)
def test_every_shape_of_a_trl_preference_means_the_same(row: dict[str, Any]) -> None:
    found = trl.read(row)
    assert (found.prompt, found.chosen, found.rejected, found.strength) == (tuple(CHAT[:1]), "Hello.", "Go.", 1)


def test_a_prompt_hidden_in_two_plain_texts_is_what_they_share_up_to_a_whole_word() -> None:
    found = trl.read({"chosen": "The sky is blue.", "rejected": "The sky is black."})
    assert (found.prompt[0]["content"], found.chosen, found.rejected) == ("The sky is", " blue.", " black.")


@pytest.mark.parametrize(
    ("margin", "strength"), [(None, 1), ("", 1), (0, 1), (0.2, 2), ("0.34", 2), (2 / 3, 3), (1, 4), (7.5, 4)]
)
def test_a_margin_becomes_the_strength_whose_margin_is_nearest(margin: Any, strength: int) -> None:
    assert trl.read({**PREFERENCE, "margin": margin}).strength == strength


def test_a_transcript_is_split_where_the_answers_part() -> None:
    start = "\n\nHuman: Hi\n\nAssistant: Hello.\n\nHuman: Tell me more"
    found = hh.read({"chosen": f"{start}\n\nAssistant: Gladly.", "rejected": f"{start}\n\nAssistant: No."})
    assert found.prompt == (*CHAT, {"role": "user", "content": "Tell me more"})
    assert (found.chosen, found.rejected) == ("Gladly.", "No.")


def test_a_transcript_that_goes_on_keeps_every_word() -> None:
    found = hh.read(
        {
            "chosen": "\n\nHuman: Hi\n\nAssistant: Yes?\n\nHuman: A joke\n\nAssistant: Knock, knock.",
            "rejected": "\n\nHuman: Hi\n\nAssistant: No.",
        }
    )
    assert found.chosen == "Yes?\n\nHuman: A joke\n\nAssistant: Knock, knock."


def test_two_turns_of_one_speaker_become_one_message_and_an_empty_answer_is_an_answer() -> None:
    start = "\n\nHuman: Hi\n\nAssistant: Hello\n\nAssistant: there.\n\nHuman: Bye\n\nAssistant:"
    found = hh.read({"chosen": start, "rejected": f"{start} Wait."})
    assert found.prompt[1] == {"role": "assistant", "content": "Hello\n\nthere."}
    assert (found.chosen, found.rejected) == ("", "Wait.")


@pytest.mark.parametrize(
    ("read", "row", "reason"),
    [
        (plain.read, {"messages": [{"role": "tool", "content": "x"}]}, "role that is none of"),
        (plain.read, {"prompt": "  "}, "empty"),
        (plain.read, {"prompt": 7}, "no text"),
        (plain.read, 7, "no object"),
        (plain.read, {"messages": CHAT[1:]}, "does not end in a user's turn"),
        (plain.read, "a\0b", "NUL"),
        (plain.read, "\ud800", "surrogate"),
        (plain.read, "x" * 1_000_000, "1000000 characters"),
        (alpaca.read_prompt, {"output": "x"}, "no instruction"),
        (trl.read, {**PREFERENCE, "rejected": "Grass."}, "the same"),
        (trl.read, {**PREFERENCE, "rejected": CHAT}, "differ before"),
        (trl.read, {"chosen": "Blue", "rejected": "Green"}, "empty"),
        (trl.read, {**PREFERENCE, "margin": "much"}, "margin"),
        (trl.read, {**PREFERENCE, "margin": float("nan")}, "margin"),
        (trl.read, {**PREFERENCE, "chosen": "a\0"}, "chosen has a NUL"),
        (unpaired.read, {**RATING, "label": None}, "no label"),
        (unpaired.read, {**RATING, "label": 1}, "neither true nor false"),
        (unpaired.read, {**RATING, "completion": CHAT}, "not one message of an assistant's"),
        (unpaired.read, {**RATING, "completion": "a\0"}, "the completion has a NUL"),
        (unpaired.read, {**RATING, "prompt": CHAT}, "does not end in a user's turn"),
        (hh.read, {"chosen": "Hello", "rejected": "Bye"}, "does not begin with 'Human:'"),
        (
            hh.read,
            {"chosen": "\n\nHuman: a\n\nAssistant: b", "rejected": "\n\nHuman: c\n\nAssistant: d"},
            "share no turn",
        ),
    ],
)
def test_what_cannot_be_brought_in_has_a_reason(read: Callable[[Any], Any], row: Any, reason: str) -> None:
    with pytest.raises(BadRow, match=reason):
        read(row)


# Files.


def test_prompts_come_from_lines_of_text(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_bytes("\ufeffWhat is rain?\r\n\r\nWhy\u2028now?\n".encode())
    report = import_file(store, path)
    assert (report.format, report.imported, report.rejected) == ("prompts", 2, [])
    assert [turns[0]["content"] for turns in prompts(store)] == ["What is rain?", "Why\u2028now?"]


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".csv", ".parquet"])
@pytest.mark.parametrize("packed", [False, True])
def test_the_same_preferences_come_from_every_kind_of_file(
    store: Store, tmp_path: Path, suffix: str, packed: bool
) -> None:
    rows = [{**PREFERENCE, "margin": 1.0}, {"prompt": 'Why, "you"?\nSay', "chosen": "", "rejected": "No", "margin": 0}]
    path = tmp_path / f"file{suffix}"
    if suffix == ".json":
        path.write_text(json.dumps(rows))
    elif suffix == ".jsonl":
        jsonl(path, rows)
    elif suffix == ".csv":
        with path.open("w", newline="") as handle:
            writer = csv.DictWriter(handle, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    else:
        pq.write_table(pa.Table.from_pylist(rows), path)
    if packed:
        path = path.rename(tmp_path / "plain")
        (tmp_path / f"file{suffix}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path = tmp_path / f"file{suffix}.gz"
    report = import_file(store, path)
    assert (report.format, report.imported, report.rejected) == ("trl", 2, [])
    assert preferences(store) == [("Grass.", "Snow.", 4), ("", "No", 1)]


def test_a_list_of_instructions_is_known_by_its_columns(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "alpaca.json"
    path.write_text(json.dumps([{"instruction": "Sing.", "input": "", "output": "La."}], indent=2))
    assert import_file(store, path).format == "alpaca"
    assert prompts(store) == [[{"role": "user", "content": "Sing."}]]


def test_transcripts_are_told_from_plain_preferences(store: Store, tmp_path: Path) -> None:
    start = "\n\nHuman: Hi\n\nAssistant:"
    path = jsonl(tmp_path / "hh.jsonl", [{"chosen": f"{start} Hello.", "rejected": f"{start} Go."}])
    assert import_file(store, path).format == "hh"
    assert preferences(store) == [("Hello.", "Go.", 1)]


# What becomes of them in the store.


def test_an_imported_preference_is_a_vote_by_imported_and_enters_a_snapshot(store: Store, tmp_path: Path) -> None:
    import_file(store, jsonl(tmp_path / "f.jsonl", [{**PREFERENCE, "prompt": f"{n} {n} {n}?"} for n in range(40)]))
    snapshot = snapshots.take(store)
    on_train = "SELECT count(*) AS n FROM pairs JOIN prompts USING (prompt_id) WHERE split = 'train'"
    assert snapshot.rows == store.rows(on_train)[0]["n"] > 20
    assert {row["labeler"] for row in snapshots.current_rows(store)} == {"imported"}
    assert {row["model_a"] for row in snapshots.current_rows(store)} == {None}


def test_neither_order_nor_side_tells_which_answer_was_preferred(store: Store, tmp_path: Path) -> None:
    import_file(store, jsonl(tmp_path / "f.jsonl", [{**PREFERENCE, "prompt": f"{n} {n} {n}?"} for n in range(400)]))
    rows = store.rows("SELECT verdict = 'a' AS a, flipped FROM preferences JOIN showings USING (showing_id)")
    for which in (lambda row: row["a"], lambda row: row["flipped"], lambda row: row["a"] != row["flipped"]):
        assert 150 < sum(map(which, rows)) < 250


def test_the_same_file_twice_doubles_nothing(store: Store, tmp_path: Path) -> None:
    for name, rows in {
        "trl": [PREFERENCE, PREFERENCE, {**PREFERENCE, "prompt": "And white?"}],
        "prompts": ["Hi", "Ho"],
        "unpaired": [RATING, RATING, {**RATING, "label": False}],
    }.items():
        path = jsonl(tmp_path / f"{name}.jsonl", rows)
        first = import_file(store, path)
        before = everything(store)
        again = import_file(store, path)
        assert (again.imported, again.known) == (0, first.imported)
        assert everything(store) == before


def test_a_longer_file_adds_only_what_is_new(store: Store, tmp_path: Path) -> None:
    import_file(store, jsonl(tmp_path / "short.jsonl", [PREFERENCE]))
    other = {**PREFERENCE, "chosen": "Snow.", "rejected": "Grass."}
    report = import_file(store, jsonl(tmp_path / "long.jsonl", [PREFERENCE, other]))
    assert (report.imported, report.known) == (1, 1)
    assert preferences(store) == [("Grass.", "Snow.", 1), ("Snow.", "Grass.", 1)]


@pytest.mark.parametrize("completion", ["Grass.", [{"role": "assistant", "content": "Grass."}]])
@pytest.mark.parametrize("label", [True, "True", "true"])
def test_an_unpaired_preference_is_a_thumb_by_imported(
    store: Store, tmp_path: Path, completion: Any, label: Any
) -> None:
    rows = [{**RATING, "completion": completion, "label": label}, {**RATING, "completion": "Snow.", "label": False}]
    assert import_file(store, jsonl(tmp_path / "file.jsonl", rows)).format == "unpaired"
    found = [(row["labeler"], row["prompt"], row["completion"], row["thumb"]) for row in ratings.rows(store)]
    prompt = [{"role": "user", "content": "What is green?"}]
    assert found == [("imported", prompt, "Grass.", "up"), ("imported", prompt, "Snow.", "down")]


def test_near_duplicates_of_a_held_out_prompt_are_held_out(store: Store, tmp_path: Path) -> None:
    words = [f"word{n} of{n} many{n} here{n} now{n} then{n} ever{n} past{n} far{n} on{n}" for n in range(60)]
    import_file(store, jsonl(tmp_path / "first.jsonl", words))
    import_file(store, jsonl(tmp_path / "second.jsonl", [f"{text} again" for text in words]))
    rows = store.rows("SELECT split FROM prompts ORDER BY prompt_id")
    splits = [row["split"] for row in rows]
    assert splits[:60] == splits[60:]
    assert set(splits) == {"train", "heldout"}


def test_bad_rows_are_named_by_their_line_and_the_others_come_in(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text("\n".join([json.dumps(PREFERENCE), "", "{oops", '{"chosen": "a"}', "[1]"]))
    report = import_file(store, path)
    assert report.imported == 1
    assert [number for number, _ in report.rejected] == [3, 4, 5]
    assert "no JSON" in report.rejected[0][1]


def test_a_strict_import_refuses_the_file_for_one_bad_row(store: Store, tmp_path: Path) -> None:
    before = everything(store)
    path = jsonl(tmp_path / "f.jsonl", [PREFERENCE, {"chosen": "a"}])
    with pytest.raises(UserError, match="in row 2, it has no rejected"):
        import_file(store, path, strict=True)
    assert everything(store) == before


def test_an_import_that_is_cut_off_leaves_nothing(store: Store, tmp_path: Path) -> None:
    with store.write() as db:  # the second answer trips over this, when the first is in already
        db.execute(
            "CREATE TRIGGER stumble BEFORE INSERT ON completions WHEN NEW.text = 'Snow.'"
            " BEGIN SELECT RAISE(ABORT, 'stumbled'); END"
        )
    before = everything(store)
    rows = [{**PREFERENCE, "rejected": "Coal."}, PREFERENCE]
    with pytest.raises(sqlite3.IntegrityError, match="stumbled"):
        import_file(store, jsonl(tmp_path / "f.jsonl", rows))
    assert everything(store) == before


# Files that mean harm, or are simply wrong.


def bomb(member: bytes, times: int) -> bytes:
    return gzip.compress(member) * times


HOSTILE = {
    "empty.jsonl": (b"", "no rows"),
    "list.json": (b"[]", "no rows"),
    "wrong.jsonl": (b'{"question": "a", "answer": "b"}', "'question', 'answer'"),
    "wrong.csv": (b"question,answer\na,b\n", "'question', 'answer'"),
    "wide.jsonl": (json.dumps({"k" * n: n for n in range(1, 900)}).encode(), r"'kkkkkkkk', \.\.\., which is no format"),
    "numbers.jsonl": (b"1\n2\n", "2 of its 2 rows"),
    "latin.txt": ("Good day\nSchöne Grüße".encode("latin-1"), r"not UTF-8 text \(line 2\)"),
    "wide.txt": ("What is rain?".encode("utf-16"), "not UTF-8"),
    "nul.txt": (b"What is\0rain?", "NUL"),
    "surrogate.jsonl": (b'{"prompt": "\\ud800"}', "surrogate"),
    "deep.jsonl": (b"[" * 100_000 + b"]" * 100_000, "too deeply"),
    "deep2.jsonl": (b'{"prompt": ' * 100_000, "too deeply"),
    "long.txt": (b"x" * 2_000_000, "2000000 characters"),
    "digits.jsonl": (b'{"prompt": ' + b"1" * 10_000 + b"}", "no JSON"),
    "torn.json": (b'[{"prompt": "a"}, ', "no JSON list"),
    "quote.csv": (b'prompt\n"never closed\n', "no CSV"),
    "twice.csv": (b"prompt,prompt\na,b\n", "more than one column 'prompt'"),
    "cells.csv": (b"prompt\na,b\n", "2 cells under 1 headings"),
    "text.parquet": (b"this is no parquet", "no Parquet"),
    "text.jsonl.gz": (b"this is no gzip", "cannot be read"),
    "torn.jsonl.gz": (gzip.compress(b'{"prompt": "a"}' * 99)[:-9], "no whole gzip"),
    "bomb.txt.gz": (bomb(b"\n" * 2**20, 1), "more than 2000000 rows"),
    "bomb.jsonl.gz": (bomb(b" " * 2**20, 40), "longer than 32 MiB"),
    "data.xlsx": (b"", "by its name"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_cannot_be_imported_is_one_sentence_and_changes_nothing(
    store: Store, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, sentence = HOSTILE[name]
    monkeypatch.setattr(reading, "MOST_LINES", 100_000)
    (tmp_path / name).write_bytes(content)
    before = everything(store)
    with pytest.raises(UserError, match=sentence) as caught:
        import_file(store, tmp_path / name)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500
    assert everything(store) == before


def test_a_parquet_of_few_bytes_and_many_rows_is_refused(store: Store, tmp_path: Path) -> None:
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 3_000_000, pa.int32()), pa.array(["Hi"]))
    pq.write_table(pa.table({"prompt": column}), tmp_path / "bomb.parquet")
    with pytest.raises(UserError, match="more than 2000000 rows"):
        import_file(store, tmp_path / "bomb.parquet")


def test_a_parquet_without_a_known_column_lists_its_own(store: Store, tmp_path: Path) -> None:
    pq.write_table(pa.table({"question": ["a"]}), tmp_path / "f.parquet")
    with pytest.raises(UserError, match="the columns 'question'"):
        import_file(store, tmp_path / "f.parquet")


@pytest.mark.parametrize("path", ["absent.jsonl", ".", "pipe.jsonl", "pipe.parquet"])
def test_what_is_no_file_is_refused(store: Store, tmp_path: Path, path: str) -> None:
    if path.startswith("pipe"):
        os.mkfifo(tmp_path / path)
    with pytest.raises(UserError):
        import_file(store, tmp_path / path)


def test_an_unknown_format_is_answered_with_the_known_ones(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="take auto, labelstudio, argilla"):
        import_file(store, jsonl(tmp_path / "f.jsonl", [PREFERENCE]), format="excel")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["role", "content", "x"]), inner),
    max_leaves=5,
)
FIELDS = st.sampled_from(sorted(COLUMNS))


@settings(max_examples=100, deadline=None)
@given(row=JSON | st.dictionaries(FIELDS, JSON, max_size=6))
def test_any_row_at_all_is_read_or_refused(row: Any) -> None:
    for format in FORMATS.values():
        for read in format.readers.values():
            with contextlib.suppress(BadRow):
                list(read(row))
