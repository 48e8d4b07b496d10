"""Archives that somebody sent: harmless ones come out as they went in, each hostile one is refused in words."""

from __future__ import annotations

import io
import stat
import struct
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collegium.kit.unpack import Limits, UnpackError, open_archive


def make(path: Path, files: dict[str, bytes], *, packed: bool = True) -> Path:
    """An ordinary archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def special(path: Path, name: str, *, mode: int = 0o644, data: bytes = b"x") -> Path:
    """An archive with one ordinary entry and one under any name and mode."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("good.txt", b"good")
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        archive.writestr(info, data)
    return path


def test_what_went_in_comes_out(tmp_path: Path) -> None:
    files = {"a.txt": b"first", "folder/b.bin": bytes(range(256)) * 9000, "folder/ü.txt": b"", "two/deep/c": b"c"}
    with open_archive(make(tmp_path / "a.zip", files)) as archive:
        assert {name: entry.size for name, entry in archive.entries.items()} == {n: len(d) for n, d in files.items()}
        out = tmp_path / "out"
        out.mkdir()
        seen: list[int] = []
        written = archive.extract(out, progress=seen.append)
        assert {name: path.read_bytes() for name, path in written.items()} == files
        assert sum(seen) == archive.size
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in written.values())
        with pytest.raises(FileExistsError):
            archive.extract(out, ["a.txt"])


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.text("abcdefgh/", min_size=1, max_size=12).map(lambda s: "f" + s.replace("//", "/").strip("/")),
        st.binary(max_size=300),
        min_size=1,
        max_size=8,
    )
)
def test_any_ordinary_archive_is_read_or_refused_in_words(files: dict[str, bytes]) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    doubled = any("//" in name or any(other.startswith(name + "/") for other in files) for name in files)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.zip"
        path.write_bytes(data.getvalue())
        try:
            with open_archive(path) as read:
                found = {name: b"".join(read.stream(name)) for name in read.entries}
        except UnpackError:
            found = None
        assert found == (None if doubled else files)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../out.txt", "leads out of the archive"),
        ("a/../../out.txt", "leads out of the archive"),
        ("/etc/passwd", "begins outside the archive"),
        ("C:/windows/x.txt", "begins outside the archive"),
        ("c:x.txt", "begins outside the archive"),
        ("..\\out.txt", "backslash"),
        ("a\\b.txt", "backslash"),
        ("a/./b.txt", "empty part"),
        ("a//b.txt", "empty part"),
        ("tab\there.txt", "cannot be shown"),
        ("turn\u202etxt.exe", "cannot be shown"),
        ("null\x00.txt", "cannot be shown"),
        ("GOOD.TXT", "one name on some computers"),
        ("good.txt/below.txt", "a file and a folder"),
        ("/".join("d" * 30) + "/x.txt", "more than 24 folders"),
        ("n" * 256, "too long"),
        ("n" * 200 + "/" + "m" * 200 + "/" + "o" * 250 + "/" + "p" * 250 + "/" + "q" * 250, "too long"),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_names_that_are_refused(tmp_path: Path, name: str, words: str) -> None:
    if "\x00" in name:
        path = special(tmp_path / "a.zip", name.replace("\x00", "~"))
        path.write_bytes(path.read_bytes().replace(b"null~.txt", b"null\x00.txt"))
    else:
        path = special(tmp_path / "a.zip", name)
    with pytest.raises(UnpackError, match=words) as refused, open_archive(path):
        pass
    assert refused.value.entry
    assert str(refused.value).startswith("“")


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (stat.S_IFLNK | 0o777, "link"),
        (stat.S_IFIFO | 0o644, "not a plain file"),
        (stat.S_IFCHR | 0o644, "not a plain file"),
    ],
    ids=["link", "pipe", "device"],
)
def test_what_is_no_file_is_refused(tmp_path: Path, mode: int, words: str) -> None:
    with (
        pytest.raises(UnpackError, match=words),
        open_archive(special(tmp_path / "a.zip", "x", mode=mode, data=b"/etc/passwd")),
    ):
        pass


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = make(tmp_path / "bomb.zip", {"zeros.bin": bytes(64 << 20)})
    assert path.stat().st_size < 100_000
    with pytest.raises(UnpackError, match="fills a disk"), open_archive(path):
        pass


def test_many_small_bombs_are_refused_together(tmp_path: Path) -> None:
    path = make(tmp_path / "bombs.zip", {f"{number}.bin": bytes(15 << 20) for number in range(5)})
    with pytest.raises(UnpackError, match="two hundred times"), open_archive(path):
        pass


def test_a_hundred_thousand_entries_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    names = [b"%06d" % number for number in range(100_000)]
    heads = b"".join(b"PK\x03\x04" + struct.pack("<5H3L2H", 20, 0, 0, 0, 33, 0, 0, 0, 6, 0) + name for name in names)
    table = b"".join(
        b"PK\x01\x02" + struct.pack("<6H3L5H2L", 20, 20, 0, 0, 0, 33, 0, 0, 0, 6, 0, 0, 0, 0, 0, 36 * place) + name
        for place, name in enumerate(names)
    )
    record = b"PK\x06\x06" + struct.pack("<Q2H2L4Q", 44, 45, 45, 0, 0, 100_000, 100_000, len(table), len(heads))
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, len(heads) + len(table), 1)
    end = b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 0xFFFF, 0xFFFF, len(table), len(heads), 0)
    path.write_bytes(heads + table + record + locator + end)
    with zipfile.ZipFile(path) as archive:
        assert len(archive.infolist()) == 100_000
    with pytest.raises(UnpackError, match="100,000 files, and 20,000"), open_archive(path):
        pass
    # The numbers may lie; how many there really are is counted.
    lying = record.replace(struct.pack("<2Q", 100_000, 100_000), struct.pack("<2Q", 3, 3))
    path.write_bytes(heads + table + lying + locator + end.replace(b"\xff\xff\xff\xff", b"\x03\x00\x03\x00"))
    with pytest.raises(UnpackError, match="100,000 files"), open_archive(path):
        pass
    with pytest.raises(UnpackError, match="table of contents is too large"), open_archive(path, Limits(entries=2_000)):
        pass


def _lie_about_size(data: bytes, path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("a.bin").file_size
    return data.replace(struct.pack("<L", size), struct.pack("<L", size - 1000))


def _overlap(data: bytes, _path: Path) -> bytes:
    # The second entry of the table of contents begins where the first does.
    at = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", at + 4)
    return data[: second + 42] + data[at + 42 : at + 46] + data[second + 46 :]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data, _: data[: len(data) // 2], "not whole"),
        (lambda data, _: b"GIF89a" + data, "not a zip archive"),
        (lambda data, _: b"%PDF-1.7 nothing else", "not a zip archive"),
        (lambda data, _: data[:60] + bytes([data[60] ^ 0xFF]) + data[61:], "damaged"),
        (_lie_about_size, "damaged|another size"),
        (_overlap, "share the same bytes"),
    ],
    ids=["cut off", "something before", "no archive", "damaged", "wrong size", "overlapping"],
)
def test_damage_is_noticed(tmp_path: Path, change: Callable[[bytes, Path], bytes], words: str) -> None:
    path = make(tmp_path / "a.zip", {"a.bin": b"".join(bytes([n * 7 % 251]) for n in range(9000)), "b.bin": b"b" * 50})
    path.write_bytes(change(path.read_bytes(), path))
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(UnpackError, match=words), open_archive(path) as archive:
        archive.extract(out)
    assert not (out / "a.bin").exists()


def test_an_entry_with_a_password_is_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip", {"a.txt": b"secret"})
    data = bytearray(path.read_bytes())
    for sign, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(sign) + offset] |= 1
    path.write_bytes(data)
    with pytest.raises(UnpackError, match="password"), open_archive(path):
        pass


def test_other_packing_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.txt", b"a" * 100)
    with pytest.raises(UnpackError, match="not read here"), open_archive(tmp_path / "a.zip"):
        pass


def test_limits_are_said_in_words(tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip", {"a.bin": bytes(range(256)) * 40, "b.bin": bytes(range(256)) * 40}, packed=False)
    with (
        pytest.raises(UnpackError, match=r"“a.bin” has 10 kB, and 9 kB are the most for one file"),
        open_archive(path, Limits(one=9000)),
    ):
        pass
    with (
        pytest.raises(UnpackError, match="holds 20 kB when unpacked, and 15 kB"),
        open_archive(path, Limits(total=15_000)),
    ):
        pass
    with open_archive(path) as archive, pytest.raises(UnpackError, match="too large"):
        archive.read("a.bin", 100)
    with pytest.raises(UnpackError, match="is empty"), open_archive(special_empty(tmp_path / "e.zip")):
        pass


def special_empty(path: Path) -> Path:
    """An archive with a folder alone."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.mkdir("folder") if hasattr(archive, "mkdir") else archive.writestr("folder/", b"")
    return path
