"""From messages to the tokens that a policy reads and writes.

A tokenizer's own chat template rules; one that has none gets a plain one. What the policy learns to write is what
follows the prompt: the answer and the token that ends it. Only the template writes control tokens: a text that spells
one, whoever it is from, ends no answer and opens no turn.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from storage.errors import UserError
from storage.records import Message

if TYPE_CHECKING:  # the registry reads the plain template in a process that loads no model
    from transformers import PreTrainedTokenizerBase


class CutOff(str):
    """An answer that reached the limit of its length before it ended by itself: no token that ends it follows."""

    __slots__ = ()


def storable(text: str) -> str:
    """What a model wrote, with U+FFFD for NUL: no file that votes come in or go out by may hold that character."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


# Roles in words, since such a tokenizer has no tokens for them. The end of an answer is marked by eos and nothing
# after it, so that the next turn opens with the blank line that parts the two.
PLAIN_TEMPLATE = """\
{%- if bos_token and bos_token != eos_token %}{{ bos_token }}{% endif %}
{%- for message in messages %}
{%- if not loop.first %}{{ '\\n\\n' }}{% endif %}
{{- '### ' + message['role'].capitalize() + ':\\n' }}
{%- if message['role'] == 'assistant' %}
{%- generation %}{{ message['content'].strip() + eos_token }}{% endgeneration %}
{%- else %}{{ message['content'].strip() }}{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '\\n\\n### Assistant:\\n' }}{% endif %}"""


JOINER = "\u2060"  # of no width; it keeps a text from being read as a control token that it spells


def render_prompt(tokenizer: PreTrainedTokenizerBase, prompt: Sequence[Message]) -> str:
    """A prompt as text, up to where the answer begins."""
    return tokenizer.apply_chat_template(_turns(tokenizer, prompt), tokenize=False, add_generation_prompt=True)


def render_answer(tokenizer: PreTrainedTokenizerBase, prompt: Sequence[Message], answer: str) -> str:
    """What follows `render_prompt` when the policy answers `answer`, through its eos and no further.

    After a `CutOff` there is no eos: to learn that answers end in the middle would be to learn what nobody wrote.
    A template that ends an answer by some other token than eos gets eos behind it, or generation would not stop.
    """
    spelled = _spelled(tokenizer, answer)
    if isinstance(answer, CutOff):
        return spelled.strip()
    opening = render_prompt(tokenizer, prompt)
    turns = [*_turns(tokenizer, prompt), {"role": "assistant", "content": spelled}]
    whole = tokenizer.apply_chat_template(turns, tokenize=False)
    # A template that does not open an answer as its generation prompt does leaves only the answer itself to go by.
    rest = whole[len(opening) :] if whole.startswith(opening) else spelled.strip()
    before, end, _ = rest.rpartition(tokenizer.eos_token)
    return before + end if end else rest + tokenizer.eos_token


def encode_prompts(tokenizer: PreTrainedTokenizerBase, prompts: Sequence[Sequence[Message]]) -> list[list[int]]:
    """Token ids of each prompt, up to where the answer begins."""
    return _encode(tokenizer, [render_prompt(tokenizer, prompt) for prompt in prompts])


def encode_answers(
    tokenizer: PreTrainedTokenizerBase, prompts: Sequence[Sequence[Message]], answers: Sequence[str]
) -> list[list[int]]:
    """Token ids of each answer, its eos last: what the loss is on, to be put behind those of its prompt.

    Prompt and answer are tokenised apart, as they are when the policy generates.
    """
    pairs = zip(prompts, answers, strict=True)
    return _encode(tokenizer, [render_answer(tokenizer, prompt, answer) for prompt, answer in pairs])


def render_turns(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]) -> list[list[tuple[str, bool]]]:
    """A conversation as runs of text, each with whether it is learned: answers are, all else is only read.

    One list of runs as a rule. A template that writes the past otherwise than it was said, as those do that leave out
    earlier reasoning, gets a list for each answer, so that every answer is learned behind what the policy will read.
    Raises UserError when the template refuses the conversation.
    """
    answers = [
        (_opening(tokenizer, messages[:index]), render_answer(tokenizer, messages[:index], turn["content"]))
        for index, turn in enumerate(messages)
        if turn["role"] == "assistant"
    ]
    runs: list[tuple[str, bool]] = []
    said = ""
    for opening, answer in answers:
        if not opening.startswith(said):
            return [[(opening, False), (answer, True)] for opening, answer in answers]
        runs += [(opening[len(said) :], False), (answer, True)]
        said = opening + answer
    return [runs]


def encode_runs(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[list[int]]:
    """Token ids of pieces that a template has rendered, each tokenised apart."""
    return _encode(tokenizer, list(texts))


def _turns(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": turn["role"], "content": _spelled(tokenizer, turn["content"])} for turn in messages]


def _spelled(tokenizer: PreTrainedTokenizerBase, text: str) -> str:
    """A text with a joiner behind the first character of each control token that it spells."""
    controls = _controls(tokenizer)
    return controls.sub(lambda found: found[0][0] + JOINER + found[0][1:], text) if controls else text


@lru_cache(maxsize=4)
def _controls(tokenizer: PreTrainedTokenizerBase) -> re.Pattern[str] | None:
    tokens = sorted((token.content for token in tokenizer.added_tokens_decoder.values() if token.special), key=len)
    return re.compile("|".join(map(re.escape, reversed(tokens)))) if tokens else None


def _opening(tokenizer: PreTrainedTokenizerBase, prompt: Sequence[Message]) -> str:
    from jinja2 import TemplateError  # loaded with the tokenizer, which a process that reads a template alone has not

    try:
        return render_prompt(tokenizer, prompt)
    except TemplateError as error:
        roles = ", ".join(turn["role"] for turn in prompt)
        raise UserError(
            f"The model's chat template takes no conversation of the turns {roles} ({error}): take such records out."
        ) from error


def _encode(tokenizer: PreTrainedTokenizerBase, texts: list[str]) -> list[list[int]]:
    """The template has written every special token already, so none is added."""
    return tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []
