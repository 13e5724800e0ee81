"""Sides and order: drawn for each labeler by lot, and the same whenever they are drawn again."""

from __future__ import annotations

from math import sqrt

import pytest
from sqlite_utils.utils import sqlite3

from labeling import session, shuffle
from labeling.accounts import add_user
from storage.database import Store
from storage.project import set_project
from tests.conftest import add_pairs

SEED = "0123456789abcdef" * 2
PAIRS = range(1, 2001)


def test_a_draw_is_the_first_four_bytes_of_a_sha_256() -> None:
    # printf '32:%s4:side4:mara2:17' $SEED | sha256sum, and the same with 5:order4:mara
    assert shuffle.salt(SEED, "mara") == 0xE48D214E
    assert shuffle.side(SEED, "mara", 17) is bool(0x96807F63 & 1)


def test_half_of_the_pairs_are_flipped_and_half_of_them_differently_for_two_labelers() -> None:
    sides = {name: [shuffle.side(SEED, name, pair_id) for pair_id in PAIRS] for name in ("mara", "jonas")}
    bound = 4 * sqrt(len(PAIRS)) / 2  # four standard deviations of 2,000 fair coins
    for flipped in sides.values():
        assert abs(sum(flipped) - len(PAIRS) / 2) < bound
    differing = sum(one != other for one, other in zip(*sides.values(), strict=True))
    assert abs(differing - len(PAIRS) / 2) < bound


def test_another_home_draws_otherwise() -> None:
    other = SEED[::-1]
    assert [shuffle.side(SEED, "mara", i) for i in PAIRS] != [shuffle.side(other, "mara", i) for i in PAIRS]
    assert shuffle.salt(SEED, "mara") != shuffle.salt(other, "mara")


def test_what_is_shown_is_what_can_be_worked_out_again(store: Store) -> None:
    add_pairs(store, 30)
    add_user(store, "mara", "labeler", "test")
    set_project(store, "overlap", 2, "test")
    for name in ("local", "mara"):
        session.serve(store, name, 30)
    seed = shuffle.seed_of(store)
    shown = store.rows("SELECT pair_id, labeler, flipped FROM showings")
    assert len(shown) == 60
    for row in shown:
        assert bool(row["flipped"]) is shuffle.side(seed, row["labeler"], row["pair_id"])


def test_the_seed_of_a_home_is_never_changed(store: Store) -> None:
    assert shuffle.seed_of(store) == shuffle.seed_of(store, first=SEED) != SEED
    for change in ("UPDATE shuffle_seed SET seed = upper(seed)", "DELETE FROM shuffle_seed"):
        with pytest.raises(sqlite3.IntegrityError, match="never changed"), store.write() as db:
            db.execute(change)
