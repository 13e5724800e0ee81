"""The walls of the house: what each package may import, read from its source, and what a process really loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("storage", "labeling", "alignment")
HEAVY = ("torch", "transformers", "trl", "peft", "accelerate")
FORBIDDEN = {
    "storage": ("labeling", "alignment", "app", "tests", "gradio", *HEAVY),
    "labeling": ("alignment", "app", "tests", *HEAVY),
    "alignment": ("labeling", "app", "tests", "gradio"),
}


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    """Every module that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def loaded_by(names: list[str]) -> set[str]:
    """The top-level packages in memory after a fresh process has imported `names`."""
    code = "\n".join([f"import {name}" for name in names] + ["import sys", "print(*sys.modules)"])
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    for path in modules(package):
        packages = {name.partition(".")[0] for name in imports(path)}
        assert not packages & set(FORBIDDEN[package]), path


def test_only_the_pages_and_the_app_know_gradio() -> None:
    knowing = {
        path for package in PACKAGES for path in modules(package) if any("gradio" in name for name in imports(path))
    }
    assert {path.parent for path in knowing} <= {ROOT / "labeling" / "ui"}


def test_the_store_and_the_labeling_load_neither_torch_nor_gradio() -> None:
    names = [name_of(path) for path in [*modules("storage"), *modules("labeling")]]
    loaded = loaded_by([name for name in names if not name.startswith("labeling.ui")])
    assert not loaded & {"gradio", *HEAVY}


def test_the_web_process_loads_no_torch() -> None:
    """Everything that app.py names anywhere, and every page."""
    ours = {name for name in imports(ROOT / "app.py") if name.partition(".")[0] in PACKAGES}
    known = {name_of(path) for package in PACKAGES for path in modules(package)}
    pages = {name_of(path) for path in modules("labeling/ui")}
    assert not loaded_by(["app", *sorted((ours | pages) & known)]) & set(HEAVY)


def test_a_command_line_that_only_asks_loads_no_torch_and_no_gradio() -> None:
    assert not loaded_by(["app"]) & {"gradio", *HEAVY}
