"""Answers that name the model which wrote them, told from those that only speak of one."""

from __future__ import annotations

import pytest

from labeling import session
from labeling.leaks import leaks
from storage import labels, registry
from storage.database import Store
from storage.identity_leaks import IdentityLeak, identity_leaks
from storage.records import NewCompletion
from tests.conftest import add_texts


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("Hello! I am ChatGPT, and I can help.", "I am ChatGPT"),
        ("I'm Claude, made by Anthropic.", "I'm Claude"),
        ("My name is Qwen2.5-7B.", "My name is Qwen2.5-7B."),
        ("I am Qwen, created by Alibaba Cloud.", "I am Qwen"),
        ("As the model Llama-3, I cannot say.", "As the model Llama-3"),
        ("Well, I am an AI assistant called **Mistral**.", "I am an AI assistant called **Mistral"),
        ("As a large language model trained by Google, I have no body.", "As a large language model trained by Google"),
        ("As an AI language model developed by OpenAI, I", "As an AI language model developed by OpenAI"),
        ("I was trained by a team at Anthropic.", "I was trained by a team at Anthropic"),
        ("Ich bin ein großes Sprachmodell von Google.", "Ich bin ein großes Sprachmodell von Google"),
        ("Ich wurde von OpenAI entwickelt.", "Ich wurde von OpenAI entwickelt"),
        (
            "Je suis un modèle de langage entraîné par Mistral AI.",
            "Je suis un modèle de langage entraîné par Mistral AI",
        ),
        ("Soy un asistente creado por OpenAI.", "Soy un asistente creado por OpenAI"),
        ("我是通义千问，由阿里云开发。", "我是通义千问"),
    ],
)
def test_an_answer_that_names_itself_is_found(text: str, phrase: str) -> None:
    assert leaks(text) == [phrase]


@pytest.mark.parametrize(
    "text",
    [
        "Claude Monet painted water lilies, and Claude Debussy set them to music.",
        "I am a fan of Claude Monet.",
        "I'm a Gemini, and she is a Leo.",
        "I am going to compare ChatGPT and Gemini for you.",
        "Models such as Claude, Gemini and ChatGPT differ in price.",
        "An alpaca is not as big as a llama.",
        "I am a developer at a firm that uses OpenAI's models.",
        "As an AI language model, I do not have feelings.",
        "As a user of Google Docs, you can share a file.",
        "OpenAI was founded in 2015, and trained GPT-3 by 2020.",
        "You can use the model by Meta on your own machine.",
        "I was made to wait by the clerk.",
        "This text was developed by Google engineers.",
        "Ich bin gegen den Mistral gesegelt.",
        "I am glad you asked. Google it.",
        "",
    ],
)
def test_an_answer_that_only_speaks_of_one_is_not(text: str) -> None:
    assert leaks(text) == []


def test_the_models_of_the_home_are_found_by_their_names_unless_these_are_words() -> None:
    names = ["qwen2.5-0.5b", "demo", "policy", "v2", "taste-42"]
    assert leaks("The demo of version v2 shows the policy.", names) == []
    assert leaks("This is written by Qwen2.5-0.5B and taste-42.", names) == ["Qwen2.5-0.5B", "taste-42"]
    assert leaks("See taste-421 and my-taste-42.", names) == []


def test_a_long_hostile_answer_takes_no_time() -> None:
    assert leaks("I am a the a large AI model " * 5000) == []
    assert leaks("as the " * 20_000) == []


def test_a_leak_is_shown_on_its_side_and_kept_for_the_researcher(store: Store) -> None:
    (prompt_id,) = add_texts(store, "Who?")
    with store.write() as db:
        model_id = registry.register(db, "policy", "policy", "models/policy", "test")
        texts = ("I am Qwen.", "Nobody in particular.")
        a, b = labels.insert_completions(db, [NewCompletion(prompt_id, text, model_id) for text in texts])
        pair_id = labels.insert_pair(db, prompt_id, a, b, "generated", model_id)
    for _ in range(2):
        (showing,) = session.serve(store, "local")
    assert showing.leaks == (("left",) if showing.left == "I am Qwen." else ("right",))
    session.vote(store, "local", showing.showing_id, "tie", 0, "key")
    assert identity_leaks(store) == [IdentityLeak(a, "policy", "I am Qwen.", (pair_id,), 1)]
