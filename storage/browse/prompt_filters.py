"""What every list can be filtered by: the prompt that its rows are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from storage.browse.text_search import match_of

STATES = {
    "served": "q.prompt_id NOT IN (SELECT prompt_id FROM withheld_prompts)",
    "retired": "q.prompt_id IN (SELECT prompt_id FROM withheld_prompts WHERE why = 'retired')",
    "held back": "q.prompt_id IN (SELECT prompt_id FROM withheld_prompts WHERE why = 'personal data')",
    "personal data": "q.prompt_id IN (SELECT prompt_id FROM personal_data)",
}


@dataclass(frozen=True)
class PromptFilters:
    """An empty text filters nothing. `split` is train or heldout, `state` one of STATES; `prompt_id` is 0 for any."""

    search: str = ""
    split: str = ""
    source: str = ""
    tag: str = ""
    state: str = ""
    prompt_id: int = 0

    @property
    def match(self) -> str:
        """The question to the full-text indexes that `search` is; none for no text."""
        return match_of(self.search)

    @property
    def parameters(self) -> dict[str, Any]:
        """Everything by its name, for the conditions."""
        return {**asdict(self), "match": self.match}


def prompt_conditions(wanted: PromptFilters, source: str = "q.source") -> list[str]:
    """The conditions on a prompt q that these filters set, all but that on its text; the parameters are their names.

    `source` is the column that is meant by it.
    """
    known = {
        "split": "q.split = :split",
        "source": f"{source} = :source",
        "tag": "q.prompt_id IN (SELECT prompt_id FROM current_prompt_tags WHERE tag = :tag)",
        "state": STATES.get(wanted.state, "false"),
    }
    return conditions_of(wanted, known)


def conditions_of(wanted: PromptFilters, known: Mapping[str, str]) -> list[str]:
    """The conditions of the filters that are set. `known` has one by the name of each."""
    return [condition for name, condition in known.items() if getattr(wanted, name)]
