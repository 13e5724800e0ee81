"""The registry: names, lineage, promotion and the way back."""

from __future__ import annotations

from contextlib import suppress

import pytest

from storage import registry
from storage.database import Store
from storage.errors import UserError
from tests.conftest import at_once


def register(store: Store, name: str, kind: str = "policy", parent_id: int | None = None) -> int:
    with store.write() as db:
        return registry.register(db, name, kind, f"models/{name}", "test", parent_id)


def test_a_model_knows_its_parent_and_where_it_lies(store: Store) -> None:
    child = register(store, "child", parent_id=register(store, "parent", "base"))
    model = registry.get(store, child)
    assert (model.parent, model.path) == ("parent", str(store.home / "models" / "child"))


def test_a_name_is_given_once(store: Store) -> None:
    register(store, "one")
    with pytest.raises(UserError, match="registered already"):
        register(store, "one")


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "-x", "a/b", "..\\x", "a b", "x" * 81, "<b>"])
def test_a_name_is_plain(store: Store, name: str) -> None:
    with pytest.raises(UserError, match="cannot be used"):
        register(store, name)


def test_rolling_back_goes_one_promotion_at_a_time(store: Store) -> None:
    for name in ("one", "two", "three"):
        register(store, name)
        registry.promote(store, name, "test")
    assert registry.rollback(store, "test").name == "two"
    assert registry.rollback(store, "test").name == "one"
    with pytest.raises(UserError, match="no earlier"):
        registry.rollback(store, "test")
    statuses = {model.name: model.status for model in registry.models(store)}
    assert statuses == {"one": "promoted", "two": "former", "three": "former"}


def test_a_step_back_to_a_named_model_is_not_taken_twice(store: Store) -> None:
    for name in ("one", "two", "three"):
        register(store, name)
        registry.promote(store, name, "test")
    assert registry.rollback(store, "test", to="two").name == "two"
    with pytest.raises(UserError, match="a step back goes to one now, and not to two"):
        registry.rollback(store, "test", to="two")
    assert registry.require_promoted(store).name == "two"


def test_a_model_that_many_promote_at_once_is_promoted_once(store: Store) -> None:
    for name in ("one", "two"):
        register(store, name)
    registry.promote(store, "one", "test")

    def promote_two() -> None:
        with suppress(UserError):  # it is the promoted model already
            registry.promote(store, "two", "test")

    at_once(8, promote_two)
    assert store.row("SELECT count(*) AS n FROM promotions") == {"n": 2}
    assert registry.rollback(store, "test").name == "one"


def test_only_a_policy_is_promoted(store: Store) -> None:
    register(store, "scores", "reward")
    with pytest.raises(UserError, match="only a policy"):
        registry.promote(store, "scores", "test")


def test_an_unknown_name_is_answered_with_the_known_ones(store: Store) -> None:
    register(store, "one")
    with pytest.raises(UserError, match="registered are one"):
        registry.by_name(store, "two")
