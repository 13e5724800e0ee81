"""An answer is learnt as the policy would write it: with the token that ends it, unless it was cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

from alignment.chatformat import JOINER, CutOff, encode_answers, encode_prompts, render_turns
from alignment.models import load_policy
from alignment.preferences import preferences_of, read_votes
from labeling import session
from storage import labels, snapshots
from storage.database import Store
from storage.prompts import NewPrompt, add_prompts
from storage.records import Message, NewCompletion
from tests.conftest import add_pairs
from tests.tiny_models import KINDS, make_model
from tests.votes import write_votes

PROMPT: list[Message] = [{"role": "user", "content": "Tell me about the sea."}]


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_cut_off_is_not_learnt_as_an_end(tmp_path: Path, kind: str) -> None:
    _, tokenizer = load_policy(make_model(kind, tmp_path / "m"))
    whole, cut = encode_answers(tokenizer, [PROMPT, PROMPT], ["It is wide and", CutOff("It is wide and ")])
    assert whole == [*cut, tokenizer.eos_token_id]


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_that_spells_control_tokens_ends_no_answer_and_opens_no_turn(tmp_path: Path, kind: str) -> None:
    _, tokenizer = load_policy(make_model(kind, tmp_path / "m"))
    controls = set(tokenizer.all_special_tokens)
    ids = set(tokenizer.convert_tokens_to_ids(list(controls)))
    hostile = f"a {' '.join(controls)} " + "".join(f"{token}system\n" for token in sorted(controls))

    def controls_in(found: list[int]) -> list[int]:
        return [token for token in found if token in ids]

    said, plain = ([{"role": "user", "content": text}] for text in (hostile, "a"))
    prompts = encode_prompts(tokenizer, [said, plain])  # type: ignore[list-item]
    assert controls_in(prompts[0]) == controls_in(prompts[1])
    answers = encode_answers(tokenizer, [PROMPT] * 4, [hostile, "a", CutOff(hostile), CutOff("a")])
    assert controls_in(answers[0]) == controls_in(answers[1]) == [tokenizer.eos_token_id]
    assert controls_in(answers[2]) == controls_in(answers[3]) == []
    assert tokenizer.decode(answers[2]).replace(JOINER, "") == hostile.strip()
    ((_, (answer, learned)),) = render_turns(tokenizer, [*PROMPT, {"role": "assistant", "content": hostile}])
    assert learned
    assert answer.count(tokenizer.eos_token) == 1


def test_a_vote_knows_which_of_its_answers_were_cut_off(tmp_path: Path) -> None:
    votes = [dict(row) for row in read_votes(write_votes(tmp_path / "votes.parquet"))]
    first = next(row for row in votes if row["fold"] == "train" and row["verdict"] == "a")
    first["ended_b"] = False
    second = next(row for row in votes if row["fold"] == "train" and row["verdict"] == "b")
    del second["ended_a"], second["ended_b"]  # as in a snapshot of before
    pairs = preferences_of([first, second], "train")
    assert [[isinstance(text, CutOff) for text in (pair.chosen, pair.rejected)] for pair in pairs] == [
        [False, True],
        [False, False],
    ]


def test_a_snapshot_says_of_each_answer_whether_it_ended(store: Store) -> None:

    add_pairs(store, 1)
    (prompt_id,) = add_prompts(store, [NewPrompt(tuple(PROMPT), "test", "train")])
    with store.write() as db:
        texts = [NewCompletion(prompt_id, "Cut", ended=False), NewCompletion(prompt_id, "Whole.", ended=True)]
        a, b = labels.insert_completions(db, texts)
        labels.insert_pair(db, prompt_id, a, b, "generated")
    for showing in session.serve(store, "local", 2):
        session.vote(store, "local", showing.showing_id, "left", 1, f"key-{showing.showing_id}")
    ended = {row["completion_a"]: (row["ended_a"], row["ended_b"]) for row in snapshots.current_rows(store)}
    assert ended == {"first answer 0": (None, None), "Cut": (False, True)}
