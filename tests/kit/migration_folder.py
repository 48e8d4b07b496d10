"""A folder of migrations for tests to write into."""

from __future__ import annotations

from pathlib import Path


class Folder:
    """A migrations folder to write into."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()

    def add(self, number: int, sql: str, name: str = "step") -> Path:
        path = self.path / f"202601010000{number:02}_{name}{number}.sql"
        path.write_bytes(sql.encode())
        return path
