"""What a researcher does about prompts on the Data page: add, retire, restore, release and tag them."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from labeling.ui.errors import UNREADABLE
from storage import browse, curation, duplicates
from storage.browse.prompt_filters import PromptFilters
from storage.database import MOST_ID, Store
from storage.errors import UserError
from storage.text import is_text

DECISIONS: dict[str, curation.Decision] = {"retire": "retired", "restore": "restored", "release": "released"}


def curate(store: Store, actor: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Retire, restore or release some prompts, or give them a tag or take it off; says how many that changed."""
    deed, word = asked.get("deed"), asked.get("word")
    if not is_text(word):
        raise UserError(UNREADABLE)
    prompt_ids = _chosen(store, asked)
    if deed in ("tag", "untag"):
        changed = curation.tag(store, prompt_ids, str(word).strip(), actor, present=deed == "tag")
    elif deed in DECISIONS:
        changed = curation.decide(store, prompt_ids, DECISIONS[deed], actor, str(word))
    else:
        raise UserError(UNREADABLE)
    return {"changed": changed, "asked": len(prompt_ids)}


def add_prompt(store: Store, actor: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Add a prompt that was written on the page."""
    messages, split = asked.get("messages"), asked.get("split") or None
    if not isinstance(messages, list) or split not in (None, "train", "heldout"):
        raise UserError(UNREADABLE)
    prompt_id, is_new = curation.add_prompt(store, messages, actor, split)
    return {"prompt_id": prompt_id, "added": is_new}


def near_duplicates(store: Store, _: str, asked: dict[str, Any]) -> dict[str, Any]:
    """The near-duplicates in clusters."""
    return asdict(duplicates.clusters(store))


def retire_others(store: Store, actor: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Retire all near-duplicates of a prompt but itself."""
    if not _are_ids([asked.get("prompt_id")]):
        raise UserError(UNREADABLE)
    return {"changed": duplicates.retire_others(store, asked["prompt_id"], actor)}


DEEDS = (curate, add_prompt, near_duplicates, retire_others)


def filters_of(kind: type[PromptFilters], given: Any) -> Any:
    """The filters that the page has set. Raises UserError for one that is none."""
    known = {field.name for field in fields(kind)} - {"prompt_id"}
    if not isinstance(given, dict) or not known.issuperset(given) or not all(map(is_text, given.values())):
        raise UserError(UNREADABLE)
    return kind(**given)


def _chosen(store: Store, asked: dict[str, Any]) -> list[int]:
    """The prompts that are meant: those picked one by one, or all that fit the page's filters."""
    ids = asked.get("prompt_ids")
    if ids is None:
        filters = filters_of(browse.PromptListFilters, asked.get("filters"))
        return browse.prompt_ids(store, filters, curation.MOST_AT_ONCE + 1)
    if not _are_ids(ids):
        raise UserError(UNREADABLE)
    return list(ids)


def _are_ids(ids: Any) -> bool:
    return isinstance(ids, list) and all(type(one) is int and 0 < one <= MOST_ID for one in ids)
