"""Writes `recipes/trainer_fields.json` anew from the installed TRL: `python -m alignment.list_trainer_fields`.

Run it when TRL's version changes; a test compares the list with what is installed.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import trl
from transformers import TrainingArguments
from trl import DPOConfig, GRPOConfig, KTOConfig, RewardConfig, RLOOConfig, SFTConfig

from alignment.recipes.trainer_fields import LIST

CONFIGS: dict[str, type] = {
    "pretrain": TrainingArguments,
    "sft": SFTConfig,
    "reward": RewardConfig,
    "dpo": DPOConfig,
    "kto": KTOConfig,
    "ppo": GRPOConfig,
    "rloo": RLOOConfig,
}
PLAIN = {int: "int", float: "float", bool: "bool", str: "str", list: "list", dict: "dict", type(None): "null"}


def trainer_fields() -> dict[str, Any]:
    """What the list says: TRL's version, and field to what it takes, by kind of job and under "all"."""
    every = {
        kind: {
            field.name: _takes(hint)
            for field in dataclasses.fields(config)
            if field.init and (hint := get_type_hints(config)[field.name])
        }
        for kind, config in CONFIGS.items()
    }
    first = next(iter(every.values()))
    shared = {name: takes for name, takes in first.items() if all(own.get(name) == takes for own in every.values())}
    own = {
        kind: {name: fields[name] for name in sorted(fields) if name not in shared} for kind, fields in every.items()
    }
    return {"trl": trl.__version__, "fields": {"all": dict(sorted(shared.items())), **own}}


def _takes(hint: Any) -> str:
    """A field's type in the words of the list; an enum, or a Literal of words, as the choice between them."""
    parts = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    for part in parts:
        if isinstance(part, type) and issubclass(part, enum.Enum):
            return f"one of {', '.join(str(member.value) for member in part)}"
    if get_origin(hint) is Literal and all(isinstance(word, str) for word in get_args(hint)):
        return f"one of {', '.join(get_args(hint))}"
    names = {_name(part) for part in parts}
    # A whole number is also a number, and is told as one.
    return " | ".join(sorted(names - ({"int"} if "float" in names else set())))


def _name(part: Any) -> str:
    if get_origin(part) is Literal:
        return PLAIN[type(get_args(part)[0])]
    return PLAIN.get(get_origin(part) or part, "dict")


if __name__ == "__main__":
    LIST.write_text(json.dumps(trainer_fields(), indent=1) + "\n", encoding="utf-8")
