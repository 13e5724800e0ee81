"""What counts as personal data in a prompt, and that it is found wherever prompts come in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labeling.session import record_chat_pair
from storage import curation, registry
from storage.database import Store
from storage.exchange.importing import import_file
from storage.personal_data import Finding, find
from storage.prompts import NewPrompt, add_prompts, prompts_of
from tests.older_homes import older_home

ROOT = Path(__file__).parent.parent


def found(text: str) -> list[tuple[str, str]]:
    findings = find([{"role": "user", "content": text}])
    return [(finding.kind, text[finding.start : finding.start + finding.length]) for finding in findings]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("mail", "ann.lee+news@mail.co.uk"),
        ("mail", "zoë@müller.de"),
        ("phone", "+44 20 7946 0958"),
        ("phone", "+49 (0)30 901820"),
        ("phone", "(415) 555-2671"),
        ("phone", "415-555-2671"),
        ("phone", "+8613812345678"),
        ("card", "4111 1111 1111 1111"),
        ("card", "378282246310005"),
        ("card", "5555-5555-5555-4444"),
    ],
)
def test_it_is_found_in_the_middle_of_a_sentence(kind: str, value: str) -> None:
    assert found(f"Before it, {value}, and after.") == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "In 2024 there were 1,234,567 people, 3.14159 of 1 200 000.",
        "What is 123456789 * 987654321, or 2147483647 + 1?",
        "Between 2019-2024, from 10:30 on 2024-05-06 to 06/07/2024.",
        "It costs $1,299.00, not 4 111 EUR; order 4111111111111112; ISBN 978-3-16-148410-0",
        "Log in at 192.168.10.25, version 10.15.7, id 550e8400-e29b-41d4-a716-446655440000",
        "Write to ann@example.com or root@localhost, say @ann, and use A@B.transpose() and W@x.T",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17",
        "Which is greater, 9.11 or 9.9? x = 0.7071067811865476",
    ],
)
def test_ordinary_numbers_and_signs_pass(text: str) -> None:
    assert found(text) == []


def test_ten_digits_in_a_row_count_where_they_are_to_be_called() -> None:
    assert found("Please call me at 4155552671.") == [("phone", "4155552671")]
    assert found("The answer is 4155552671.") == []


def test_nothing_is_found_in_any_prompt_of_the_demo() -> None:
    lines = (ROOT / "alignment" / "demo" / "data" / "prompts.jsonl").read_text().splitlines()
    assert [line for line in lines if found(json.loads(line)["prompt"])] == []


def test_every_turn_is_looked_at() -> None:
    turns = [{"role": role, "content": text} for role, text in (("user", "Hi"), ("assistant", "I am a@b.org"))]
    assert find(turns) == [Finding("mail", 1, 5, 7)]  # type: ignore[arg-type]


def test_an_imported_prompt_with_personal_data_is_held_back_until_it_is_released(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "prompts.txt"
    file.write_text("Why is the sky blue?\nWrite to ann.lee@mail.org for me.\n")
    assert import_file(store, file, format="prompts").imported == 2
    assert len(prompts_of(store, "train") + prompts_of(store, "heldout")) == 1
    (kept,) = store.rows("SELECT prompt_id, kind, turn, start, length FROM personal_data")
    assert kept == {"prompt_id": 2, "kind": "mail", "turn": 0, "start": 9, "length": 16}
    curation.decide(store, [2], "released", "ann")
    assert len(prompts_of(store, "train") + prompts_of(store, "heldout")) == 2


def test_a_conversation_of_the_chat_is_looked_at_too(store: Store) -> None:
    with store.write() as db:
        model_id = registry.register(db, "policy", "policy", "models/policy", "test")
    question = [{"role": "user", "content": "Call +44 20 7946 0958 for me"}]
    record_chat_pair(store, "local", question, ((model_id, "Yes."), (model_id, "No.")))  # type: ignore[arg-type]
    assert store.row("SELECT why FROM withheld_prompts") == {"why": "personal data"}


def test_the_prompts_of_an_older_home_are_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = older_home(tmp_path, "000*.sql", monkeypatch)
    with old.write() as db:
        for number, text in enumerate(("Write to ann.lee@mail.org", "Write to me")):
            values = [json.dumps([{"role": "user", "content": text}]), f"{number:064}"]
            db.execute(
                "INSERT INTO prompts (messages, sha256, split, source, created_at) VALUES (?, ?, 'train', 'test', '')",
                values,
            )
    monkeypatch.undo()
    new = Store.open(tmp_path / "home")
    assert [prompt.prompt_id for prompt in prompts_of(new, "train")] == [2]
    again = Store.open(tmp_path / "home")
    assert again.row("SELECT count(*) AS n FROM personal_data") == {"n": 1}


def test_a_prompt_that_is_there_already_is_not_looked_at_again(store: Store) -> None:
    prompt = NewPrompt(({"role": "user", "content": "Write to ann.lee@mail.org"},), "test", "train")
    for _ in range(2):
        add_prompts(store, [prompt, prompt])
    assert store.row("SELECT count(*) AS n FROM personal_data") == {"n": 1}
