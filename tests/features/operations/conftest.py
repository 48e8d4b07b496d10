"""A plain site to back up, and places to restore to."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.features.operations.recovery import drop_like
from tests.support.database import PREFIX, Database, run, scratch
from tests.support.site import make_settings, make_site

from collegium.kit import embedded
from collegium.kit.site import Site


@pytest.fixture(autouse=True)
def nobody_stays(request: pytest.FixtureRequest) -> None:
    """Copies and replacements of a database ask whether anybody is connected."""
    if "database" in request.fixturenames:
        database: Database = request.getfixturevalue("database")
        assert database.kept
        database.kept.let_go()


@pytest.fixture
def plain_site(database: Database, tmp_path: Path) -> Site:
    return make_site(make_settings(database, tmp_path / "data", secret_key=None))


@pytest.fixture
def empty(database: Database) -> Iterator[Database]:
    """The name of a database that is not there yet; whatever comes of it is removed."""
    name = f"test_{secrets.token_hex(6)}"
    yield Database(database.server, name)
    run(drop_like(database, name))


@pytest.fixture
def folder_for_all() -> Iterator[Path]:
    """A data folder that the server's account can enter."""
    base = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getuid()}-own-", dir=scratch()))
    base.chmod(0o755)
    yield base / "data"
    embedded.destroy(base / "data")
    shutil.rmtree(base)
