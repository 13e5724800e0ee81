"""Bringing a model: what may not be loaded is refused in one sentence, runs nothing and leaves nothing behind."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file

from alignment.bring import add_model, export_model
from storage import registry
from storage.database import Store
from storage.errors import UserError
from storage.maintenance import check
from tests.tiny_models import KINDS, make_model


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model("llama", tmp_path_factory.mktemp("models") / "llama")


class Canary:
    """An object whose pickle leaves a mark on whoever loads it."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (str(self.mark),)


def edit_json(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def only_pickles(model: Path) -> None:
    (model / "model.safetensors").unlink()
    (model / "pytorch_model.bin").write_bytes(pickle.dumps(Canary(model.parent / "mark")))


def code_in_config(model: Path) -> None:
    (model / "modeling_own.py").write_text(f"import os\nos.mkdir({str(model.parent / 'mark')!r})\n")
    edit_json(model / "config.json", auto_map={"AutoModelForCausalLM": "modeling_own.Own"})


def code_in_tokenizer(model: Path) -> None:
    edit_json(model / "tokenizer_config.json", auto_map={"AutoTokenizer": ["own.Own", None]})


def truncated(model: Path) -> None:
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])


def torn_header(model: Path) -> None:
    (model / "model.safetensors").write_bytes((2**62).to_bytes(8, "little") + b"{}")


def no_tokenizer(model: Path) -> None:
    for path in (*model.glob("tokenizer*"), *model.glob("*.model")):
        path.unlink()


def torn_tokenizer(model: Path) -> None:
    (model / "tokenizer.json").write_text('{"added_tokens": [')


def strange_tokenizer(model: Path) -> None:
    (model / "tokenizer.json").write_text('{"added_tokens": [{"special": true}, 7]}')


def torn_config(model: Path) -> None:
    (model / "config.json").write_text("{")


def no_model_type(model: Path) -> None:
    edit_json(model / "config.json", model_type=None)


def missing_shard(model: Path) -> None:
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))


def strange_index(model: Path) -> None:
    (model / "model.safetensors.index.json").write_text('{"weight_map": ["a"]}')


def torn_generation_settings(model: Path) -> None:
    (model / "generation_config.json").write_text("{")


def torn_special_tokens(model: Path) -> None:
    (model / "special_tokens_map.json").write_text("[]")


def empty(model: Path) -> None:
    shutil.rmtree(model)
    model.mkdir()


DAMAGE = {
    only_pickles: "pickle",
    code_in_config: "auto_map",
    code_in_tokenizer: "auto_map",
    truncated: "cut short",
    torn_header: "no whole safetensors file",
    no_tokenizer: "no tokenizer",
    torn_tokenizer: "tokenizer.json",
    strange_tokenizer: "tokenizer.json",
    torn_config: "config.json",
    no_model_type: "model_type",
    missing_shard: "model-00002-of-00002.safetensors, which is missing",
    strange_index: "model.safetensors.index.json",
    torn_generation_settings: "generation_config.json",
    torn_special_tokens: "special_tokens_map.json",
    empty: "config.json",
}


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_what_is_no_model_is_refused_runs_nothing_and_leaves_nothing(
    store: Store, tmp_path: Path, llama: Path, damage: Callable[[Path], None]
) -> None:
    source = shutil.copytree(llama, tmp_path / "source")
    damage(source)
    with pytest.raises(UserError, match=DAMAGE[damage]) as caught:
        add_model(store, str(source), "mine", "test")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "mark").exists()
    assert registry.models(store) == []
    assert list(store.models.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_each_type_is_copied_with_its_weights_and_nothing_else(
    store: Store, tmp_path: Path, kind: str
) -> None:
    source = make_model(kind, tmp_path / "source")
    (source / "pytorch_model.bin").write_bytes(pickle.dumps(Canary(tmp_path / "mark")))
    (source / "run.py").write_text("raise SystemExit")
    model = add_model(store, str(source), "mine", "test")
    assert (model.name, model.kind, model.status) == ("mine", "policy", "registered")
    copied = {path.name for path in Path(model.path).iterdir()}
    assert "model.safetensors" in copied
    assert not copied & {"pytorch_model.bin", "run.py"}
    ours, theirs = (load_file(Path(folder) / "model.safetensors") for folder in (model.path, source))
    assert all(ours[name].equal(theirs[name]) for name in theirs)
    assert not (tmp_path / "mark").exists()
    assert check(store) == []


def test_damage_to_a_brought_model_is_found(store: Store, llama: Path) -> None:
    model = add_model(store, str(llama), "mine", "test")
    assert check(store) == []
    truncated(Path(model.path))
    assert check(store) == [f"model mine: the weights at {model.path} are not those that it was registered with"]


def test_a_model_stays_when_its_source_goes(store: Store, tmp_path: Path, llama: Path) -> None:
    source = shutil.copytree(llama, tmp_path / "source")
    model = add_model(store, str(source), "mine", "test")
    shutil.rmtree(source)
    assert (Path(model.path) / "config.json").is_file()


def test_a_name_that_is_taken_keeps_its_model(store: Store, llama: Path) -> None:
    first = add_model(store, str(llama), "mine", "test")
    before = sorted(Path(first.path).iterdir())
    with pytest.raises(UserError, match="registered already"):
        add_model(store, str(llama), "mine", "test")
    assert sorted(Path(first.path).iterdir()) == before


@pytest.mark.parametrize("name", ["../out", "a/b", "", ".", ".."])
def test_a_name_cannot_lead_out_of_the_home(store: Store, tmp_path: Path, llama: Path, name: str) -> None:
    with pytest.raises(UserError, match="cannot be used"):
        add_model(store, str(llama), name, "test")
    assert list(store.models.iterdir()) == []
    assert not (store.home / "out").exists()


def test_an_id_that_no_hub_can_have_is_refused(store: Store) -> None:
    with pytest.raises(UserError, match="neither a directory here nor a model"):
        add_model(store, "no/such/directory", "mine", "test")
    assert list(store.models.iterdir()) == []


def test_an_exported_model_can_be_brought_again(store: Store, tmp_path: Path, llama: Path) -> None:
    add_model(store, str(llama), "mine", "test")
    export_model(store, "mine", tmp_path / "out")
    assert add_model(store, str(tmp_path / "out"), "again", "test").status == "registered"
    with pytest.raises(UserError, match="exists already"):
        export_model(store, "mine", tmp_path / "out")
    assert (tmp_path / "out" / "config.json").is_file()
