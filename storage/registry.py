"""The registry: which models there are, where each came from, and which one everybody talks to.

The promoted model is the last row of `promotions`. Rolling back is a promotion too, of the model that was promoted
before the present one, so that the history only ever grows.
"""

from __future__ import annotations

import json
from typing import Any

from sqlite_utils import Database

from storage.database import Store, first, now
from storage.errors import UserError
from storage.gate import LONGEST_REASON, objection
from storage.journal import record
from storage.records import Model
from storage.text import is_text

MODELS = """
SELECT m.*, parent.name AS parent,
       m.model_id = (SELECT model_id FROM promotions ORDER BY promotion_id DESC LIMIT 1) AS promoted,
       m.model_id IN (SELECT model_id FROM promotions) AS former,
       m.model_id IN (SELECT candidate_id FROM rounds WHERE status = 'done') AS candidate,
       (SELECT reason FROM promotions p WHERE p.model_id = m.model_id AND reason IS NOT NULL
        ORDER BY promotion_id DESC LIMIT 1) AS reason
FROM models m LEFT JOIN models parent ON parent.model_id = m.parent_id
"""


def register(
    db: Database,
    name: str,
    kind: str,
    path: str,
    actor: str,
    parent_id: int | None = None,
    job_id: int | None = None,
    card: dict[str, Any] | None = None,
) -> int:
    """Register a model inside the caller's transaction. Raises UserError when the name is taken.

    `path` is stored as given: relative to the home directory for a model that lives there, so that a home can move.
    """
    check_free(db, name)
    cursor = db.execute(
        "INSERT INTO models (name, kind, path, parent_id, job_id, card, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [name, kind, path, parent_id, job_id, json.dumps(card or {}, ensure_ascii=False), now()],
    )
    record(db, actor, "register", f"model {name}", kind=kind, path=path)
    return int(cursor.lastrowid or 0)


def check_free(db: Database, name: str) -> None:
    """Raise UserError when a new model cannot have this name, or another model has it."""
    check_name(name)
    if first(db, "SELECT 1 FROM models WHERE name = ?", [name]):
        raise UserError(f"A model named {name!r} is registered already: choose another name.")


def check_name(name: str) -> None:
    """Raise UserError when a model cannot have this name."""
    plain = all(letter.isalnum() or letter in "._-" for letter in name)
    if not plain or not name[:1].isalnum() or len(name) > 80:  # it names a directory too, so never "." or ".."
        raise UserError(
            f"The model name {name!r} cannot be used: take up to 80 letters, digits, dots, dashes or underscores, "
            "and begin with a letter or a digit."
        )


def models(store: Store, kind: str | None = None) -> list[Model]:
    """All registered models, oldest first, or those of one kind."""
    return [
        to_model(store, row)
        for row in store.rows(f"{MODELS} WHERE ? IS NULL OR m.kind = ? ORDER BY m.model_id", [kind, kind])
    ]


def get(store: Store, model_id: int) -> Model:
    """One model by its id."""
    row = store.row(f"{MODELS} WHERE m.model_id = ?", [model_id])
    if row is None:
        raise UserError(f"There is no model {model_id}: `model list` shows those there are.")
    return to_model(store, row)


def made_by(store: Store, job_id: int) -> Model | None:
    """The model that a job made, or None."""
    row = store.row(f"{MODELS} WHERE m.job_id = ?", [job_id])
    return to_model(store, row) if row else None


def by_name(store: Store, name: str) -> Model:
    """One model by its name. Raises UserError that lists the names there are."""
    row = store.row(f"{MODELS} WHERE m.name = ?", [name])
    if row is None:
        names = ", ".join(model.name for model in models(store)) or "none yet"
        raise UserError(f"There is no model named {name!r}: registered are {names}.")
    return to_model(store, row)


def promoted(store: Store) -> Model | None:
    """The model that answers in chat and in new pairs, or None before the first promotion."""
    row = store.row(f"{MODELS} WHERE promoted")
    return to_model(store, row) if row else None


def require_promoted(store: Store) -> Model:
    """The promoted model. Raises UserError when there is none."""
    model = promoted(store)
    if model is None:
        raise UserError("No model is promoted yet: register one with `model add` and promote it with `model promote`.")
    return model


def policy_named(store: Store, name: str) -> Model:
    """The policy of this name, or the promoted one for "". Raises UserError when it is none, or does not answer."""
    if not name:
        return require_promoted(store)
    model = by_name(store, name)
    if model.kind != "policy":
        raise UserError(f"{name} is a {model.kind} model and does not answer: name a policy.")
    return model


def promote(store: Store, name: str, actor: str, reason: str | None = None, over: int | None = None) -> Model:
    """Make a policy the one that chats and writes the next pairs.

    `reason` is why it is promoted although no verdict calls it better, and is kept with the promotion; `over` is the
    model_id that the caller takes the promoted model to have. Raises UserError when there is no such model, it is no
    policy, it is the promoted one already, another than `over` is, or its verdict stands against it and no reason is
    given.
    """
    reason = " ".join((reason or "").split()) or None
    if len(reason or "") > LONGEST_REASON or not is_text(reason or ""):
        raise UserError(f"The reason is no text of up to {LONGEST_REASON:,} characters: say it in other words.")
    with store.write() as db:
        model = by_name(store, name)
        if model.kind != "policy":
            raise UserError(f"{name} is a {model.kind} model, and only a policy can be promoted.")
        if model.status == "promoted":
            raise UserError(f"{name} is the promoted model already.")
        if over is not None and (present := promoted(store)) is not None and present.model_id != over:
            raise UserError(f"Another model was promoted meanwhile, so {name} takes the place of none.")
        against = objection(store, model)
        if against is not None and reason is None:
            raise UserError(
                f"{against} To promote it all the same give a reason, which is kept: on the Align page, or with "
                "--override --reason TEXT."
            )
        insert_promotion(db, model.model_id, actor, reason)
    return get(store, model.model_id)


def insert_promotion(db: Database, model_id: int, actor: str, reason: str | None = None) -> None:
    """Promote a policy inside the caller's transaction."""
    previous = _last_promotion(db)
    row = {"model_id": model_id, "previous_id": previous["promotion_id"] if previous else None, "actor": actor}
    columns = {**row, "created_at": now(), **({"reason": reason} if reason else {})}
    db.execute(
        f"INSERT INTO promotions ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
        list(columns.values()),
    )
    record(db, actor, "promote", f"model {model_id}", **({"reason": reason} if reason else {}))


def rollback(store: Store, actor: str, to: str | None = None) -> Model:
    """Promote again the model that was promoted before the present one; twice goes two steps back.

    `to` names the model that the caller takes this to be. Raises UserError when there is nothing to go back to, or it
    is another model.
    """
    with store.write() as db:
        present = _last_promotion(db)
        before = _promotion(db, present["previous_id"]) if present and present["previous_id"] else None
        if before is None:
            raise UserError("There is no earlier promoted model to roll back to.")
        name = next(iter(db.query("SELECT name FROM models WHERE model_id = ?", [before["model_id"]])))["name"]
        if to not in (None, name):
            raise UserError(f"Another model was promoted meanwhile: a step back goes to {name} now, and not to {to}.")
        db.execute(
            "INSERT INTO promotions (model_id, previous_id, actor, created_at) VALUES (?, ?, ?, ?)",
            [before["model_id"], before["previous_id"], actor, now()],
        )
        record(db, actor, "rollback", f"model {before['model_id']}")
    return get(store, before["model_id"])


def before_promoted(store: Store) -> Model | None:
    """The model that `rollback` would promote again, or None."""
    row = store.row(
        f"{MODELS} WHERE m.model_id = (SELECT earlier.model_id FROM promotions earlier WHERE earlier.promotion_id ="
        " (SELECT previous_id FROM promotions ORDER BY promotion_id DESC LIMIT 1))"
    )
    return to_model(store, row) if row else None


def to_model(store: Store, row: dict[str, Any]) -> Model:
    """A row of the MODELS query as a record."""
    status = (
        "promoted"
        if row["promoted"]
        else "former"
        if row["former"]
        else "candidate"
        if row["candidate"]
        else "registered"
    )
    return Model(
        row["model_id"],
        row["name"],
        row["kind"],
        str(store.home / row["path"]),
        row["parent_id"],
        row["parent"],
        status,
        json.loads(row["card"]),
        row["created_at"],
        row["reason"],
    )


def _last_promotion(db: Database) -> dict[str, Any] | None:
    return first(db, "SELECT * FROM promotions ORDER BY promotion_id DESC LIMIT 1")


def _promotion(db: Database, promotion_id: int) -> dict[str, Any] | None:
    return first(db, "SELECT * FROM promotions WHERE promotion_id = ?", [promotion_id])
