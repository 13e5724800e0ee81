"""Files of demonstrations: every shape that is allowed comes in, and what is wrong is named with its line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage.errors import UserError
from storage.exchange.demonstrations import Demonstration, read_demonstrations

RECORDS: list[dict[str, Any]] = [
    {"instruction": "Say hello", "input": "", "output": "Hello"},
    {"instruction": "Translate", "input": "你好", "output": "Hello"},
    {"instruction": "Say bye", "output": "Bye"},
    {"instruction": "Say why", "input": None, "output": "Because"},
]
ASKED = [("Say hello", "Hello"), ("Translate\n\n你好", "Hello"), ("Say bye", "Bye"), ("Say why", "Because")]


def demonstration(*turns: tuple[str, str]) -> Demonstration:
    return Demonstration(tuple({"role": role, "content": content} for role, content in turns))


READ = [demonstration(("user", asked), ("assistant", answer)) for asked, answer in ASKED]
CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello"},
    {"role": "user", "content": "And bye?"},
    {"role": "assistant", "content": "Bye"},
]


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def lines(*records: object) -> str:
    return "\n".join(json.dumps(record) for record in records)


def complaint(path: Path, text: str) -> str:
    with pytest.raises(UserError) as error:
        read_demonstrations(written(path, text))
    return str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(RECORDS),
        "\ufeff  " + json.dumps(RECORDS, ensure_ascii=False, indent=1),
        "\n\n".join(json.dumps(record) for record in RECORDS),
        "".join(json.dumps(record) + "\r\n" for record in RECORDS),
    ],
)
def test_a_list_and_json_lines_read_the_same(tmp_path: Path, text: str) -> None:
    assert read_demonstrations(written(tmp_path / "a.json", text)) == READ


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl"])
def test_a_compressed_file_reads_the_same(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(gzip.compress(lines(*RECORDS).encode()))
    assert read_demonstrations(tmp_path / name) == READ


def test_tables_read_the_same(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist([{"more": 1, **record} for record in RECORDS]), tmp_path / "a.parquet")
    assert read_demonstrations(tmp_path / "a.parquet") == READ
    written(tmp_path / "a.csv", "instruction,input,output\nSay hello,,Hello\nTranslate,你好,Hello\n")
    assert read_demonstrations(tmp_path / "a.csv") == READ[:2]


def test_self_instruct_gives_one_for_each_instance(tmp_path: Path) -> None:
    record = {
        "id": "seed_task_0",
        "instruction": "Translate",
        "instances": [{"input": "你好", "output": "Hello"}, {"input": "", "output": "Into what?"}],
        "is_classification": False,
    }
    read = read_demonstrations(written(tmp_path / "a.jsonl", lines(record)))
    assert read == [READ[1], demonstration(("user", "Translate"), ("assistant", "Into what?"))]


def test_a_chat_is_kept_through_its_last_answer(tmp_path: Path) -> None:
    after = [*CHAT, {"role": "user", "content": "Wait"}]
    read = read_demonstrations(written(tmp_path / "a.jsonl", lines({"messages": CHAT}, {"messages": after})))
    assert read == [Demonstration(tuple(CHAT))] * 2  # type: ignore[arg-type]
    assert read[0].asked == "Hi\n\nAnd bye?"


MALFORMED = [
    ({"instruction": "x", "output": " "}, "its output is empty"),
    ({"instruction": "", "output": "y"}, "its instruction is empty"),
    ({"instruction": "x"}, "it has no output"),
    ({"instruction": "x", "output": 3}, "the output is no text"),
    ({"instruction": "x", "input": ["z"], "output": "y"}, "the input is no text"),
    ({"instruction": "x", "input": 0, "output": "y"}, "the input is no text"),
    ({"instruction": "x", "output": "\ud800"}, "half a surrogate pair"),
    ({"instruction": "x", "instances": []}, "its instances are no list"),
    ({"instruction": "x", "instances": ["y"]}, "no object"),
    (
        {"instruction": "x", "instances": [{"input": "", "output": "y"}, {"input": "z"}]},
        "it has no output in instance 2 of 2",
    ),
    ({"prompt": "x"}, "neither instruction nor messages, but 'prompt'"),
    ({}, "no fields"),
    ("x", "no object"),
    ({"messages": "hi"}, "no list of turns"),
    ({"messages": []}, "no answer"),
    ({"messages": CHAT[:2]}, "no answer"),
    ({"messages": CHAT[2:]}, "do not alternate"),
    ({"messages": [CHAT[1], CHAT[0], CHAT[2]]}, "do not alternate"),
    ({"messages": [CHAT[1], {"role": "assistant", "content": " "}]}, "is empty"),
    ({"messages": [CHAT[1], {"role": "assistant", "content": None}]}, "is no text"),
    ({"messages": [CHAT[1], {"role": "tool", "content": "7"}, CHAT[2]]}, "a role that is none of"),
]


@pytest.mark.parametrize(("record", "says"), MALFORMED)
def test_a_malformed_record_is_named_by_its_line(tmp_path: Path, record: object, says: str) -> None:
    path = tmp_path / "Mixed.json"
    of_list = complaint(path, json.dumps([RECORDS[0], record], indent=1))
    assert says in of_list
    assert of_list.startswith(f"Record 2 (line 7) of {path} is malformed, for ")
    of_lines = complaint(path, lines(RECORDS[0]) + "\n\n" + json.dumps(record))
    assert says in of_lines
    assert of_lines.startswith(f"Line 3 of {path} is malformed, for ")


def test_others_that_are_malformed_are_counted_and_the_first_of_them_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    assert "; 1 more is malformed (line 3):" in complaint(path, lines("x", RECORDS[0], {}))
    assert "; 8 more are malformed (line 2, line 3, line 4, line 5, line 6, ...):" in complaint(path, lines(*[{}] * 9))


def test_a_row_of_a_table_is_named_by_its_number(tmp_path: Path) -> None:
    assert complaint(tmp_path / "a.csv", "instruction,output\nSay hello,Hello\nSay bye,\n").startswith("Row 2 of")


def test_text_that_is_no_json_is_named_by_its_line(tmp_path: Path) -> None:
    assert complaint(tmp_path / "a.jsonl", lines(RECORDS[0]) + "\n{oops").startswith("Line 2 of")
    assert "is no JSON list (" in complaint(tmp_path / "a.json", "[{]")


@pytest.mark.parametrize("text", ["", "\n\n", "[]"])
def test_a_file_without_records_is_refused(tmp_path: Path, text: str) -> None:
    assert "holds no demonstrations" in complaint(tmp_path / "a.json", text)


def test_a_torn_compressed_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(json.dumps(RECORDS).encode())[:-12])
    with pytest.raises(UserError, match=r"a\.json\.gz is no whole gzip file"):
        read_demonstrations(tmp_path / "a.json.gz")


def test_text_in_another_encoding_is_named_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'{}\n{"instruction": "caf\xe9"}')
    with pytest.raises(UserError, match=r"not UTF-8 text \(line 2\)"):
        read_demonstrations(tmp_path / "a.json")


def test_a_file_of_an_unknown_kind_is_refused_by_its_name(tmp_path: Path) -> None:
    assert "has to end in .txt, .json, .jsonl, .csv, .parquet" in complaint(tmp_path / "a.docx", "x")
