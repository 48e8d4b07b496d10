"""A backup's file: whole and unchanged, or refused."""

from __future__ import annotations

import io
import random
import subprocess
import tarfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collegium.kit import archive
from collegium.kit.archive import Archive, ArchiveError, Manifest, Part, Writer
from tests.support.database import run

LONG = "files/videos/" + "a-long-name-" * 12 + "/é.ts"
PARTS = {
    archive.DUMP: b"PGDMP" * 3000,
    "keys/secret.key": b"s" * 64,
    "keys/signing/key.pem": b"pem",
    "files/empty.txt": b"",
    LONG: bytes(range(256)) * 4,
}


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 1000):
        yield data[start : start + 1000]


def manifest(parts: list[Part]) -> Manifest:
    return Manifest(
        form=archive.FORM,
        version="0.1.0",
        made_at=datetime(2026, 11, 21, tzinfo=UTC),
        server=180_000,
        database="collegium",
        migrations=["20261120100000"],
        counts={"people": 3},
        missing=[],
        parts=parts,
    )


async def _write(path: Path, parts: dict[str, bytes]) -> Path:
    with Writer(path) as out:
        for name, data in parts.items():
            await out.add(name, len(data), _pieces(data))
        out.finish(manifest(out.parts))
    return path


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return run(_write(tmp_path / "made.tar", PARTS))


def content(found: Archive) -> dict[str, bytes]:
    return {part.name: b"".join(found.stream(part)) for part in found.manifest.parts}


def test_what_was_written_is_read(made: Path) -> None:
    found = archive.read(made)
    assert content(found) == PARTS
    assert found.manifest.counts == {"people": 3}
    assert [part.name for part in found.names("keys/")] == ["keys/secret.key", "keys/signing/key.pem"]


def test_only_its_owner_reads_it_and_ordinary_tar_unpacks_it(made: Path, tmp_path: Path) -> None:
    assert made.stat().st_mode & 0o777 == 0o600
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["tar", "-xf", made, "-C", out], check=True)
    assert {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*") if p.is_file()}.keys() == {
        *PARTS,
        archive.MANIFEST,
        archive.SEAL,
    }
    assert (out / LONG).read_bytes() == PARTS[LONG]


def test_a_flipped_bit_is_found_wherever_it_is(made: Path) -> None:
    whole = made.read_bytes()
    chance = random.Random(7)
    for at in [0, 1, 600, len(whole) - 1, *(chance.randrange(len(whole)) for _ in range(300))]:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << chance.randrange(8)
        made.write_bytes(damaged)
        with pytest.raises(ArchiveError):
            archive.read(made)
    made.write_bytes(whole)
    archive.read(made)


def test_a_truncated_one_is_refused(made: Path) -> None:
    whole = made.read_bytes()
    for length in [0, 1, 511, 512, 5000, *range(10_000, len(whole) - 10_000, 1500)]:
        made.write_bytes(whole[:length])
        with pytest.raises(ArchiveError):
            archive.read(made)


@pytest.mark.parametrize(
    "name",
    ["../evil", "files/../../evil", "/etc/passwd", "keys/other", "keys/../secret.key", "files/a\\b", "other.txt"],
)
def test_a_name_that_leads_elsewhere_is_refused_although_the_sums_fit(tmp_path: Path, name: str) -> None:
    path = run(_write(tmp_path / "evil.tar", {archive.DUMP: b"x", name: b"evil"}))
    with pytest.raises(ArchiveError, match="a name that no backup has"):
        archive.read(path)


def test_links_and_doubles_are_refused(tmp_path: Path, made: Path) -> None:
    link = tarfile.TarInfo("files/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    path = tmp_path / "link.tar"
    with tarfile.open(path, "w") as tar:
        tar.addfile(link)
    with pytest.raises(ArchiveError, match="not a plain file"):
        archive.read(path)
    path = run(_write(tmp_path / "two.tar", {archive.DUMP: b"x"}))
    with tarfile.open(path, "a") as tar:
        double = tarfile.TarInfo(archive.DUMP)
        tar.addfile(double, io.BytesIO())
    with pytest.raises(ArchiveError):
        archive.read(path)


def test_a_manifest_that_names_something_else_is_refused(tmp_path: Path) -> None:
    async def write(path: Path) -> None:
        with Writer(path) as out:
            await out.add(archive.DUMP, 1, _pieces(b"x"))
            out.finish(manifest([Part(archive.DUMP, 1, "0" * 64)]))

    run(write(tmp_path / "lies.tar"))
    with pytest.raises(ArchiveError, match="does not hold what its manifest names"):
        archive.read(tmp_path / "lies.tar")


def test_a_later_form_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "FORM", 2)
    path = run(_write(tmp_path / "later.tar", {archive.DUMP: b"x"}))
    monkeypatch.undo()
    with pytest.raises(ArchiveError, match="Restore it with the newer"):
        archive.read(path)


async def test_a_part_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    for said in (5, 7):
        with (
            Writer(tmp_path / f"{said}.tar") as out,
            pytest.raises(ArchiveError, match="changed while it was read"),
        ):
            await out.add(archive.DUMP, said, _pieces(b"123456"))
