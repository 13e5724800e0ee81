"""Alpaca files: every shape that is allowed comes in, and what is wrong is named with its place."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from alignment.instructions import Demonstration, read_instructions
from storage.errors import UserError

RECORDS = [
    {"instruction": "Say hello", "input": "", "output": "Hello"},
    {"instruction": "Translate", "input": "你好", "output": "Hello"},
    {"instruction": "Say bye", "output": "Bye"},
    {"instruction": "Say why", "input": None, "output": "Because"},
]
READ = [
    Demonstration("Say hello", "Hello"),
    Demonstration("Translate\n\n你好", "Hello"),
    Demonstration("Say bye", "Bye"),
    Demonstration("Say why", "Because"),
]


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def complaint(path: Path, text: str) -> str:
    with pytest.raises(UserError) as error:
        read_instructions(written(path, text))
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
    assert read_instructions(written(tmp_path / "a.json", text)) == READ


def test_a_compressed_file_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(json.dumps(record) for record in RECORDS).encode()))
    assert read_instructions(path) == READ


def test_a_torn_compressed_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(json.dumps(RECORDS).encode())[:-12])
    with pytest.raises(UserError, match=r"a\.json\.gz cannot be read"):
        read_instructions(path)


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({"instruction": "x", "output": " "}, "has no output"),
        ({"instruction": "", "output": "y"}, "has no instruction"),
        ({"instruction": "x", "output": 3}, "has int as its output"),
        ({"instruction": "x", "input": ["z"], "output": "y"}, "has list as its input"),
        ({"instruction": "x", "output": "\ud800"}, "half a character"),
        ("x", "is no record"),
    ],
)
def test_a_malformed_record_is_named_by_file_and_number(tmp_path: Path, record: object, says: str) -> None:
    path = tmp_path / "Mixed.json"
    of_list = complaint(path, json.dumps([RECORDS[0], record]))
    assert says in of_list
    assert of_list.startswith(f"Record 2 of {path} ")
    of_lines = complaint(path, json.dumps(RECORDS[0]) + "\n\n" + json.dumps(record))
    assert says in of_lines
    assert of_lines.startswith(f"Line 3 of {path} ")


def test_text_that_is_no_json_is_named_by_its_line(tmp_path: Path) -> None:
    assert "Line 2 of" in complaint(tmp_path / "a.jsonl", json.dumps(RECORDS[0]) + "\n{oops")
    assert "is not JSON" in complaint(tmp_path / "a.json", "[{]")


@pytest.mark.parametrize("text", ["", "\n\n", "[]"])
def test_a_file_without_records_is_refused(tmp_path: Path, text: str) -> None:
    assert "holds no instructions" in complaint(tmp_path / "a.json", text)


def test_text_in_another_encoding_is_named_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'{}\n{"instruction": "caf\xe9"}')
    with pytest.raises(UserError, match=r"not UTF-8 text \(line 2\)"):
        read_instructions(tmp_path / "a.json")
