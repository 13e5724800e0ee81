"""Removing a person: their votes stay under a pseudonym, and what they have shaped is told."""

from __future__ import annotations

from dataclasses import dataclass

from labeling.accounts import LOCAL_USER, check_there, keep_an_admin
from storage.database import Store
from storage.errors import UserError
from storage.exchange.importing import IMPORTED
from storage.former import files_of, forget
from storage.journal import record
from storage.lineage import influence, on_record

NOBODYS = {
    LOCAL_USER: "whoever uses the app while there are no accounts",
    IMPORTED: "whoever the imported votes are from",
}


@dataclass(frozen=True)
class Removal:
    """What came of it: the pseudonym, the models that learned from the person, and the files that hold the name."""

    pseudonym: str
    models: tuple[str, ...]
    files: tuple[str, ...]


def remove_user(store: Store, name: str, actor: str) -> Removal:
    """Remove a person: no session of theirs goes on, and their name is in no row any more.

    Raises UserError, and changes nothing, where there is no such person, or the last admin would go.
    """
    if name in NOBODYS:
        raise UserError(f"{name} is {NOBODYS[name]}, and stays.")
    check_there(store.db(), name)
    files = files_of(store, name)
    models = [one.model.name for one in influence(store, name).shaped] if name in on_record(store) else []
    store.db().execute("PRAGMA secure_delete = ON")  # what is overwritten is not left in the file's free pages
    with store.write() as db:
        check_there(db, name)  # once more: meanwhile somebody else may have removed them
        keep_an_admin(db, name, goes=True)
        pseudonym = forget(db, name, actor)
        record(db, pseudonym if actor == name else actor, "remove", pseudonym, models=models, files=files)
    return Removal(pseudonym, tuple(models), tuple(files))


def in_words(name: str, removal: Removal) -> list[str]:
    """What came of it, a sentence each."""
    said = [f"{name} is removed; what they did stays, as of {removal.pseudonym}."]
    if removal.models:
        said.append(f"They have shaped {', '.join(removal.models)}.")
    else:
        said.append("No model has learned from them.")
    if removal.files:
        said.append(
            f"Frozen files never change and still hold the name, as do jobs' copies of them and backups: "
            f"{', '.join(removal.files)}."
        )
    return said
