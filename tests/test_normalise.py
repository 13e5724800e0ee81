"""What a brought directory is given so that any server can chat with it."""

from __future__ import annotations

import json
from pathlib import Path

from alignment.normalise import normalise


def test_a_template_is_written_only_where_there_is_none(tmp_path: Path) -> None:
    bare, own = brought(tmp_path / "bare"), brought(tmp_path / "own")
    (own / "chat_template.jinja").write_text("mine")
    normalise(bare)
    normalise(own)
    assert "### " in (bare / "chat_template.jinja").read_text()
    assert (own / "chat_template.jinja").read_text() == "mine"


def test_eos_is_among_the_ends_and_words_are_not(tmp_path: Path) -> None:
    model = brought(tmp_path / "model", generation={"eos_token_id": [2, 50], "top_k": 20})
    normalise(model)
    assert json.loads((model / "generation_config.json").read_text()) == {"eos_token_id": [7, 2], "top_k": 20}


def test_settings_that_name_eos_are_left_alone(tmp_path: Path) -> None:
    model = brought(tmp_path / "model", generation={"eos_token_id": [2, 7]})
    normalise(model)
    assert json.loads((model / "generation_config.json").read_text()) == {"eos_token_id": [2, 7]}


def test_without_settings_they_come_from_the_config(tmp_path: Path) -> None:
    model = brought(tmp_path / "model")
    normalise(model)
    written = json.loads((model / "generation_config.json").read_text())
    assert written == {"bos_token_id": 1, "eos_token_id": [7, 2], "pad_token_id": None}


def brought(path: Path, generation: dict[str, object] | None = None) -> Path:
    """A directory whose tokenizer ends an answer with token 7 while its config says 2; both are special tokens."""
    path.mkdir()
    files: dict[str, object] = {
        "config.json": {"bos_token_id": 1, "eos_token_id": 2},
        "tokenizer_config.json": {"eos_token": "<end>"},
        "tokenizer.json": {
            "added_tokens": [
                {"id": 2, "content": "</s>", "special": True},
                {"id": 7, "content": "<end>", "special": True},
            ]
        },
    }
    if generation is not None:
        files["generation_config.json"] = generation
    for name, value in files.items():
        (path / name).write_text(json.dumps(value))
    return path
