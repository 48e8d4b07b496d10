"""Who may import whom: the contracts in pyproject.toml hold, and each of them notices when it does not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = (
    *("app", "cli", "worker", "kit.db", "web.pages"),
    *(f"features.{feature}.{part}" for feature in ("one", "two") for part in ("service", "model", "pages", "api")),
    *("features.one.jobs", "features.one.commands", "features.operations.commands"),
    *("features.demo.service", "features.media.films", "features.media.synth"),
)
# What the exceptions of the contracts name must exist.
ALLOWED = (
    ("features.one.pages", "collegium.features.two.service"),
    ("features.one.service", "collegium.features.two.service"),
    ("features.demo.service", "collegium.features.media.films"),
    ("features.demo.service", "collegium.features.media.synth"),
)


def lint(folder: Path) -> tuple[int, str]:
    """Runs import-linter with the contracts of the pyproject.toml in a folder."""
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
        cwd=folder,
        # The folder's own package, wherever another one may be installed.
        env={**os.environ, "PYTHONPATH": f"{folder / 'src'}{os.pathsep}{folder}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def make_package(folder: Path, *imports: tuple[str, str]) -> None:
    """A package of the same shape with nothing in it but the imports."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    for module in MODULES:
        path = (folder / "collegium").joinpath(*module.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"import {imported}" for name, imported in imports if name == module]
        path.write_text("\n".join(lines) + "\n")
    for package in [folder / "collegium", *(p for p in (folder / "collegium").rglob("*") if p.is_dir())]:
        (package / "__init__.py").touch()


def test_the_contracts_hold() -> None:
    code, said = lint(ROOT)
    assert code == 0, said
    assert "0 broken" in said


def test_what_is_allowed_passes(tmp_path: Path) -> None:
    make_package(tmp_path, *ALLOWED)
    code, said = lint(tmp_path)
    assert code == 0, said


@pytest.mark.parametrize(
    ("module", "imported", "contract"),
    [
        ("kit.db", "collegium.web.pages", "kit stands below everything"),
        ("kit.db", "collegium.features.one.service", "kit stands below everything"),
        ("features.one.service", "collegium.web.pages", "what a feature does knows nothing"),
        ("features.one.service", "collegium.features.one.pages", "what a feature does knows nothing"),
        ("features.one.model", "collegium.features.one.jobs", "what a feature does knows nothing"),
        ("features.one.service", "collegium.features.two.model", "a feature uses another only through its service"),
        ("features.one.pages", "collegium.features.two.model", "a feature uses another only through its service"),
        ("web.pages", "collegium.features.one.model", "a feature uses another only through its service"),
        ("features.one.api", "collegium.features.one.pages", "edges of a feature do not use each other's"),
    ],
)
def test_each_contract_notices(tmp_path: Path, module: str, imported: str, contract: str) -> None:
    make_package(tmp_path, *ALLOWED, (module, imported))
    code, said = lint(tmp_path)
    assert code != 0
    broken = [line for line in said.splitlines() if " BROKEN" in line]
    assert any(line.startswith(contract) for line in broken), said
