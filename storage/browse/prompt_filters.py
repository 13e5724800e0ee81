"""What every list can be filtered by: the prompt that its rows are about."""

from __future__ import annotations

from dataclasses import dataclass

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


def prompt_conditions(wanted: PromptFilters, source: str = "q.source") -> list[str]:
    """The conditions on a prompt q that these filters set, all but that on its text; the parameters are their names.

    `source` is the column that is meant by it.
    """
    conditions = []
    if wanted.split:
        conditions.append("q.split = :split")
    if wanted.source:
        conditions.append(f"{source} = :source")
    if wanted.tag:
        conditions.append("q.prompt_id IN (SELECT prompt_id FROM current_prompt_tags WHERE tag = :tag)")
    if wanted.state:
        conditions.append(STATES.get(wanted.state, "false"))
    return conditions
