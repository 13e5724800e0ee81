"""Work asked for by name: each function turns a wish into a job on the queue and returns its id.

A spec has three parts: `recipe` (what `alignment.run` reads), `files` (what the supervisor puts into the directory)
and `publish` (what becomes of the result). In a recipe, {"model_id": 3} stands for the path of that model,
{"job_id": 7} for the `model/` that job made and {"snapshots_of": 7} for the snapshots that it kept, so that a spec
means the same wherever the home directory lies.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from alignment.config import INPUTS, load_recipe
from alignment.demonstrations import check_apart, curriculum
from alignment.modelcheck import matrices_of
from alignment.settings import names_in
from storage import answer_sets, demonstrations, jobs, labels, registry, snapshots, uploads
from storage.curation import tagged
from storage.database import Store
from storage.errors import UserError, shown
from storage.exchange.demonstrations import read_demonstrations
from storage.project import project
from storage.prompts import prompts_of
from storage.records import Model, Snapshot

LOW_WATER = 40  # waiting pairs of the promoted model below which more are generated
REFILL = 120  # pairs to a generate job that starts by itself
MOST_PAIRS = 10_000  # to one job, whose answers are published in one transaction
ASKED = """
SELECT prompt_id, count(*) AS n FROM (
    SELECT prompt_id FROM pairs WHERE model_id = :model_id AND source = 'generated'
    UNION ALL SELECT prompt_id FROM answer_sets WHERE model_id = :model_id
) GROUP BY prompt_id
"""


def refill(store: Store) -> int | None:
    """Queue a generate job when the promoted model's waiting pairs run low and none is queued already."""
    model = registry.promoted(store)
    if model is None or jobs.open_jobs(store, "generate"):
        return None
    if labels.waiting(store, LOW_WATER) + answer_sets.waiting(store) >= LOW_WATER:
        return None
    if _last_generate_was_vain(store, model) or not prompts_of(store, "train", limit=1):
        return None
    return generate(store, model, REFILL, actor="refill")


def generate(
    store: Store, model: Model, pairs: int, actor: str, seed: int | None = None, tag: str | None = None
) -> int:
    """Queue `pairs` new pairs of a model's answers, on the train prompts that have the fewest pairs of its own.

    Where the project ranks more than two answers at once, they are that many sets. With a `tag` only prompts that have
    it are asked.
    """
    if model.kind != "policy":
        raise UserError(f"{model.name} is a {model.kind} model and does not answer: name a policy.")
    if not 1 <= pairs <= MOST_PAIRS:
        raise UserError(f"{pairs} pairs cannot be generated at once: ask for 1 to {MOST_PAIRS:,}.")
    seed = secrets.randbelow(2**31) if seed is None else seed
    prompt_ids = _least_asked(store, model, pairs, seed, tag)
    if not prompt_ids and tag is not None:
        raise UserError(f"No train prompt that is served has the tag {shown(tag)}: `prompts tag` gives it to some.")
    if not prompt_ids:
        raise UserError("There are no prompts to answer: bring some with `import FILE --format prompts`.")
    return submit(store, "generate", generate_spec(model, prompt_ids, seed, project(store).answers), actor)


def generate_spec(model: Model, prompt_ids: list[int], seed: int, per_prompt: int, **publish: Any) -> dict[str, Any]:
    """The spec of `per_prompt` answers by a model to each prompt; `publish` says what else becomes of them."""
    return {
        "recipe": {
            "kind": "generate",
            "seed": seed,
            "policy": {"model_id": model.model_id},
            "per_prompt": per_prompt,
        },
        "files": {"prompts.parquet": {"prompt_ids": prompt_ids}},
        "publish": {"model_id": model.model_id, **publish},
    }


def sft(
    store: Store,
    instructions: Path | None,
    base: Model,
    name: str,
    settings: dict[str, Any],
    actor: str,
    written: bool = False,
    keep: bool = False,
) -> int:
    """Queue supervised fine-tuning of a base or policy; the result is registered as `name`.

    It learns from a file of instructions, from the demonstrations that labelers have `written`, or from both; `keep`
    copies a file that will not stay where it is into the home. A `heldout` among the settings names another file, which
    is copied into the job as the first one is. Every record is read first: raises UserError, and queues nothing, for a
    malformed one, and where there are too few to hold some out.
    """
    if base.kind not in ("policy", "base"):
        raise UserError(f"{base.name} is a {base.kind} model, and this takes a policy or base model.")
    check_settable(settings)
    files = {} if instructions is None else {"instructions": instructions}
    if settings.get("heldout") is not None:
        files["heldout"] = Path(str(settings["heldout"]))
    _check_files(store, files, name)
    recipe = {**settings, "model": {"model_id": base.model_id}}
    frozen = {"demonstrations": "demonstrations.jsonl"} if written else {}
    whole = whole_recipe({"kind": "sft", **recipe, **{setting: str(path) for setting, path in files.items()}, **frozen})
    _check_targets(base, names_in(whole.get("lora_targets")) or [])
    read = {setting: read_demonstrations(path) for setting, path in files.items()}
    own = demonstrations.standing(store) if written else []
    curriculum(read.get("instructions", []), own, read.get("heldout"), whole["heldout_share"])
    check_apart(read.get("instructions", []) + own, read.get("heldout", []))
    if written:
        files["demonstrations"] = demonstrations.freeze(store)
    if keep and instructions is not None:
        files["instructions"] = uploads.keep(store, instructions)
    return submit(store, "sft", _spec_of_files("sft", files, name, recipe, base.model_id), actor)


def pretrain(store: Store, text: Path, name: str, settings: dict[str, Any], actor: str) -> int:
    """Queue a base model from scratch on a text file; the result is registered as `name`."""
    _check_files(store, {"text": text}, name)
    return submit(store, "pretrain", _spec_of_files("pretrain", {"text": text}, name, settings, None), actor)


def reward(store: Store, policy: Model, name: str, settings: dict[str, Any], actor: str) -> int:
    """Freeze the votes and queue a reward model on them, which starts from a policy and is registered as `name`.

    Raises UserError when there is no vote or the name cannot be used.
    """
    registry.check_free(store.db(), name)
    snapshot = snapshots.take(store)
    spec = {
        "recipe": {"kind": "reward", **settings, "policy": {"model_id": policy.model_id}},
        "files": {"preferences.parquet": {"snapshot": snapshot.sha256}},
        "publish": {"name": name, "parent_id": policy.model_id},
    }
    return submit(store, "reward", spec, actor)


def score(store: Store, model: Model, actor: str) -> int:
    """Freeze the votes and queue a reward model's report on them; the same votes are scored once.

    Raises UserError when there is no vote, or the model is none of our reward models.
    """
    trained_fold(model)
    return submit(store, "score", score_spec(model, snapshots.take(store)), actor)


def learning_curve(store: Store, policy: Model, actor: str) -> int:
    """Freeze the votes and queue the learning curve of heads on a policy; the same votes are measured once.

    Raises UserError where there is no vote, or the model is no policy.
    """
    if policy.kind != "policy":
        raise UserError(f"{policy.name} is a {policy.kind} model, and a learning curve is read on a policy.")
    spec = {
        "recipe": {"kind": "learning_curve", "policy": {"model_id": policy.model_id}},
        "files": {"preferences.parquet": {"snapshot": snapshots.take(store).sha256}},
        "publish": {"model_id": policy.model_id},
    }
    return submit(store, "learning_curve", spec, actor)


def score_spec(model: Model, snapshot: Snapshot) -> dict[str, Any]:
    """The spec of a reward model's report on a snapshot. Raises UserError as `score`."""
    recipe = {"kind": "score", "reward_model": {"model_id": model.model_id}, "fold": trained_fold(model)}
    return {
        "recipe": whole_recipe(recipe),
        "files": {"preferences.parquet": {"snapshot": snapshot.sha256}},
        "publish": {"model_id": model.model_id},
    }


def trained_fold(model: Model) -> str:
    """The fold of prompts that a reward model was trained on. Raises UserError for a model whose card says none."""
    if model.kind != "reward":
        raise UserError(f"{model.name} is a {model.kind} model, and only reward models have a report.")
    fold = model.card.get("recipe", {}).get("fold")
    if fold is None:
        raise UserError(f"The card of {model.name} does not say what it was trained on, so no vote is unseen for sure.")
    return str(fold)


def submit(store: Store, kind: str, spec: dict[str, Any], actor: str) -> int:
    """Check a spec's recipe and queue it. Raises UserError that names a setting which is wrong."""
    spec = {**spec, "recipe": whole_recipe(spec["recipe"])}
    with store.write() as db:
        return jobs.enqueue(db, kind, spec, actor)


def check_settable(settings: dict[str, Any]) -> None:
    """Raise UserError for a setting that is not a person's to choose, for the request itself says it."""
    for key in settings:
        if key in INPUTS:
            raise UserError(f"{key!r} cannot be set: the command's own arguments and options say it.")


def whole_recipe(recipe: dict[str, Any]) -> dict[str, Any]:
    """A recipe with every setting written out, so that a later default changes neither a job nor what its card says.

    Raises UserError, before anything is queued, where a setting is unknown or badly typed.
    """
    checked = load_recipe(resolve(recipe, lambda reference: f"/{reference}"))
    return {**checked.model_dump(exclude_none=True), **recipe}


def resolve(value: Any, path_of: Any) -> Any:
    """Replace every {"model_id": n}, {"job_id": n} and {"snapshots_of": n} in a recipe by `path_of` of it."""
    if isinstance(value, dict):
        if set(value) in ({"model_id"}, {"job_id"}, {"snapshots_of"}):
            return path_of(value)
        return {key: resolve(item, path_of) for key, item in value.items()}
    return value


def free_model_name(db: Database, wanted: str) -> str:
    """`wanted`, or with a number behind it where a model of that name is registered already."""
    taken = {row["name"] for row in db.query("SELECT name FROM models")}
    return next(name for name in [wanted, *(f"{wanted}-{n}" for n in range(2, len(taken) + 3))] if name not in taken)


def _check_files(store: Store, sources: dict[str, Path], name: str) -> None:
    """Raise UserError when a file is not there, or a model of this name could not be registered."""
    for source in sources.values():
        if not source.is_file():
            raise UserError(f"There is no file {source} to train on or to measure by.")
    registry.check_free(store.db(), name)


def _check_targets(model: Model, targets: list[str]) -> None:
    """Raise UserError for a module to be adapted that the model has not, as far as its weights tell."""
    known = matrices_of(Path(model.path))
    for target in targets:
        if target not in known:
            raise UserError(f"{model.name} has no module {target!r} for adapters: it has {', '.join(sorted(known))}.")


def _spec_of_files(
    kind: str, sources: dict[str, Path], name: str, settings: dict[str, Any], parent_id: int | None
) -> dict[str, Any]:
    """The spec of training on files, by the setting of the recipe that each is for."""
    copied = {setting: "".join([setting, *source.suffixes[-2:]]).lower() for setting, source in sources.items()}
    return {
        "recipe": {"kind": kind, **settings, **copied},
        "files": {copied[setting]: copy_of(source) for setting, source in sources.items()},
        "publish": {"name": name, "parent_id": parent_id},
    }


def copy_of(path: Path) -> dict[str, str]:
    """An input that the supervisor copies from a file; its hash makes another content another job."""
    with path.open("rb") as handle:
        return {"copy": str(path.resolve()), "sha256": hashlib.file_digest(handle, "sha256").hexdigest()}


def _least_asked(store: Store, model: Model, count: int, seed: int, tag: str | None) -> list[int]:
    """`count` prompt ids, those with the fewest pairs and sets of this model first.

    A prompt may come twice if there are few.
    """
    asked = {row["prompt_id"]: row["n"] for row in store.rows(ASKED, {"model_id": model.model_id})}
    shuffled = [prompt.prompt_id for prompt in prompts_of(store, "train", seed=seed)]
    if tag is not None:
        having = tagged(store, tag)
        shuffled = [prompt_id for prompt_id in shuffled if prompt_id in having]
    shuffled.sort(key=lambda prompt_id: asked.get(prompt_id, 0))
    return (shuffled * (count // max(len(shuffled), 1) + 1))[:count]


def _last_generate_was_vain(store: Store, model: Model) -> bool:
    """Whether the newest generate job was this model's and failed, or left no pair because all answers were alike.

    Then a person has to look; a loop would only try for ever.
    """
    last = jobs.newest(store, "generate")
    if last is None or last.spec["publish"]["model_id"] != model.model_id or "battle_with" in last.spec["publish"]:
        return False
    return last.status == "failed" or (
        last.result is not None and last.result.get("pairs", 0) + last.result.get("sets", 0) == 0
    )
