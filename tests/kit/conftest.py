"""Fixtures for tests that need a server of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from collegium.kit import embedded
from tests.support.database import PREFIX, scratch
from tests.support.servers import SRC, Attach, Attached, become


@pytest.fixture
def data_folder() -> Iterator[Path]:
    """A data folder that any account can reach (pytest's own is closed to others)."""
    base = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getuid()}-own-", dir=scratch()))
    base.chmod(0o755)
    yield base / "data"
    if (base / "data").exists():
        embedded.destroy(base / "data")
    shutil.rmtree(base)


@pytest.fixture
def another(data_folder: Path) -> Iterator[Attach]:
    """Starts processes that attach to the folder; kills them at the end."""
    with ExitStack() as stack:

        def start(*args: Any, **options: Any) -> Attached:
            made = Attached(data_folder, *args, **options)
            stack.callback(made.kill)
            return made

        yield start


@pytest.fixture
def ordinary() -> Iterator[tuple[str, str]]:
    """A new account, and a Python that it can run with our source; skips where there is none."""
    if shutil.which("useradd") is None or shutil.which("setpriv") is None:
        pytest.skip("needs useradd and setpriv")
    name = f"clg{os.getpid()}"
    subprocess.run(["useradd", "--no-create-home", "--user-group", name], check=True)
    try:
        for python in (sys.executable, shutil.which("python3", path="/usr/local/bin:/usr/bin")):
            imports = "import sys, collegium.kit.embedded; assert sys.version_info >= (3, 11)"
            tried = subprocess.run(
                [*become(name), python or "false", "-c", imports],
                env={"PYTHONPATH": str(SRC), "PATH": os.environ["PATH"]},
                cwd="/",
                capture_output=True,
                check=False,
            )
            if python and tried.returncode == 0:
                break
        else:
            pytest.skip("an ordinary user can run no Python 3.11 with this source")
        yield name, python
    finally:
        subprocess.run(["userdel", "--force", name], check=True, capture_output=True)
