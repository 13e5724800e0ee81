"""Bringing a model: a directory in Hugging Face format, or the id of one on a hub, checked and registered."""

from __future__ import annotations

import shutil
from pathlib import Path

from alignment.modelcheck import validate_model_dir
from alignment.normalise import normalise
from storage import registry
from storage.database import Store
from storage.errors import UserError
from storage.records import Model
from storage.weights import weights_sha256

WANTED = ["*.safetensors", "*.safetensors.index.json", "*.json", "*.jinja", "*.txt", "*.model"]


def add_model(store: Store, source: str, name: str, actor: str, kind: str = "policy") -> Model:
    """Copy a model into the home directory and register it.

    Only safetensors weights are taken and no code of the model's is ever run. Raises UserError, and leaves nothing
    behind, when the source is no such model or the name is taken.
    """
    registry.check_free(store.db(), name)
    target = store.models / name
    partial = store.models / f".{name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        if Path(source).is_dir():
            validate_model_dir(Path(source))
            try:
                shutil.copytree(source, partial, ignore=_unwanted)
            except OSError as error:  # shutil.Error, which lists the files that failed, is one too
                raise UserError(f"{source} could not be copied to {store.models} ({error}).") from error
        else:
            _download(source, partial)
        validate_model_dir(partial)
        normalise(partial)
        shutil.rmtree(target, ignore_errors=True)  # left by a registration that was cut off
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    card = {"source": source, "weights_sha256": weights_sha256(target)}
    with store.write() as db:
        model_id = registry.register(db, name, kind, str(target.relative_to(store.home)), actor, card=card)
    return registry.get(store, model_id)


def export_model(store: Store, name: str, target: Path) -> None:
    """Copy a registered model's directory to `target`, which must not exist yet."""
    model = registry.by_name(store, name)
    if target.exists():
        raise UserError(f"{target} exists already: choose a new directory for the model.")
    try:
        shutil.copytree(model.path, target)
    except OSError as error:
        raise UserError(f"The model could not be written to {target} ({error}).") from error


def _unwanted(_: str, names: list[str]) -> set[str]:
    return {name for name in names if not any(Path(name).match(pattern) for pattern in WANTED)}


def _download(repository: str, target: Path) -> None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        snapshot_download(repository, local_dir=target, allow_patterns=WANTED)
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        reason = str(error).strip().splitlines()[0][:160]
        raise UserError(
            f"{repository!r} is neither a directory here nor a model that the hub could give ({reason}): "
            "name a directory in Hugging Face format, or check the id and the network."
        ) from error
