"""A fresh home is given the demo once, however many processes open it at the same moment."""

from __future__ import annotations

from pathlib import Path

from alignment.demo.seed import BASE, TUNED, open_home
from storage import registry
from storage.database import Store
from tests.conftest import at_once


def test_two_that_open_a_fresh_home_at_once_give_it_one_demo(tmp_path: Path) -> None:
    home = tmp_path / "home"
    Store.open(home)
    stores = at_once(3, lambda: open_home(home))
    models = registry.models(stores[0])
    assert sorted(model.name for model in models) == sorted([BASE, TUNED])
    assert registry.require_promoted(stores[0]).name == TUNED
    assert len(stores[0].rows("SELECT 1 FROM promotions")) == 1
    assert all((Path(model.path) / "model.safetensors").is_file() for model in models)
    assert sorted(path.name for path in stores[0].models.iterdir()) == sorted([BASE, TUNED])
