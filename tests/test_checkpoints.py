"""Checkpoints: one that is torn, cut short or incomplete, in whatever file, is never resumed from."""

from __future__ import annotations

from pathlib import Path

import pytest

from alignment.checkpoints import MANIFEST, newest_verified, prune, seal, verify

FILES = ["model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json", "deep/extra.json"]
NEEDED = ["optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json"]


def checkpoint(root: Path, step: int, sealed: bool = True, without: str = "") -> Path:
    path = root / f"checkpoint-{step}"
    for name in FILES:
        if name != without:
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(f"{name} at step {step}")
    if sealed:
        seal(path)
    return path


def test_a_sealed_checkpoint_verifies_and_an_unsealed_one_does_not(tmp_path: Path) -> None:
    assert verify(checkpoint(tmp_path, 1))
    assert not verify(checkpoint(tmp_path, 2, sealed=False))
    assert not verify(tmp_path / "checkpoint-3")


@pytest.mark.parametrize("name", FILES)
def test_any_file_that_is_missing_cut_short_or_changed_spoils_it(tmp_path: Path, name: str) -> None:
    for step, spoil in enumerate([_remove, _cut, _change]):
        path = checkpoint(tmp_path, step)
        spoil(path / name)
        assert not verify(path), spoil


@pytest.mark.parametrize("name", NEEDED)
def test_one_that_was_sealed_without_what_training_needs_does_not_count(tmp_path: Path, name: str) -> None:
    assert not verify(checkpoint(tmp_path, 1, without=name))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"files": {}}'])
def test_a_torn_manifest_does_not_count(tmp_path: Path, text: str) -> None:
    path = checkpoint(tmp_path, 1)
    (path / MANIFEST).write_text(text)
    assert not verify(path)


def test_every_process_of_several_has_a_random_state_of_its_own(tmp_path: Path) -> None:
    path = checkpoint(tmp_path, 1, sealed=False)
    (path / "rng_state.pth").rename(path / "rng_state_0.pth")
    seal(path)
    assert verify(path)


def test_the_newest_that_verifies_is_found_by_number_and_newer_torn_ones_go(tmp_path: Path) -> None:
    for step in (9, 10, 80):
        checkpoint(tmp_path, step)
    _cut(checkpoint(tmp_path, 100) / "optimizer.pt")
    checkpoint(tmp_path, 101, sealed=False)
    assert newest_verified(tmp_path) == tmp_path / "checkpoint-80"
    assert not (tmp_path / "checkpoint-100").exists()
    assert not (tmp_path / "checkpoint-101").exists()


def test_where_none_verifies_there_is_none(tmp_path: Path) -> None:
    assert newest_verified(tmp_path / "nowhere") is None
    checkpoint(tmp_path, 1, sealed=False)
    assert newest_verified(tmp_path) is None


def test_pruning_keeps_the_newest(tmp_path: Path) -> None:
    for step in (2, 30, 4):
        checkpoint(tmp_path, step)
    prune(tmp_path, keep=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-30", "checkpoint-4"]


def _remove(path: Path) -> None:
    path.unlink()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _change(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"?")
