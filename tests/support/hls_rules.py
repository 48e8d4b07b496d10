"""A reader of HLS playlists that forgives nothing: what RFC 8216 says a playlist must be, held against files on a disk."""

from __future__ import annotations

import re
from pathlib import Path

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",]*)(?:,|$)')
_KNOWN = (
    "#EXTM3U", "#EXT-X-VERSION", "#EXTINF", "#EXT-X-TARGETDURATION", "#EXT-X-MEDIA-SEQUENCE", "#EXT-X-PLAYLIST-TYPE",
    "#EXT-X-MAP", "#EXT-X-ENDLIST", "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-STREAM-INF",
)  # fmt: skip


def problems(master: Path) -> list[str]:
    """What is wrong with a multivariant playlist and all that it names; an empty list is the goal."""
    wrong: list[str] = []
    lines = _lines(master, wrong)
    variants: list[tuple[dict[str, str], list[float]]] = []
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if not line.startswith("#EXT-X-STREAM-INF:"):
            continue
        # §4.3.4.2: the line that follows is the URI of the playlist.
        if not after or after.startswith("#"):
            wrong.append(f"{line} is followed by no address")
            continue
        named = _attributes(line, wrong)
        variants.append((named, _media(master.parent / after, named, wrong)))
    if not variants:
        wrong.append("the playlist names no variant")
    if len({tuple(round(cut, 3) for cut in cuts) for _, cuts in variants}) > 1:
        wrong.append("the variants are not cut at the same places")  # §6.2.4
    if len({named.get("CODECS", "").count(",") for named, _ in variants}) > 1:
        wrong.append("some variants have sound and some have none")
    return wrong


def _lines(path: Path, wrong: list[str]) -> list[str]:
    data = path.read_bytes()
    if data.startswith(b"\xef\xbb\xbf") or b"\r" in data.replace(b"\r\n", b""):
        wrong.append(f"{path.name} has a byte order mark or a lone carriage return")  # §4.1
    lines = [line for line in data.decode("utf-8").splitlines() if line]
    if not lines or lines[0] != "#EXTM3U":
        wrong.append(f"{path.name} does not begin with #EXTM3U")  # §4.3.1.1
    for line in lines:
        if line.startswith("#EXT") and line.partition(":")[0] not in _KNOWN:
            wrong.append(f"{path.name} has {line}, which is not expected")
    if sum(line.startswith("#EXT-X-VERSION:") for line in lines) != 1:
        wrong.append(f"{path.name} does not say its version once")  # §4.3.1.2
    return lines


def _attributes(line: str, wrong: list[str]) -> dict[str, str]:
    text = line.partition(":")[2]
    found = _ATTRIBUTE.findall(text)
    if ",".join(f"{name}={value}" for name, value in found) != text or len({name for name, _ in found}) != len(found):
        wrong.append(f"the attributes of {line} cannot be read")  # §4.2
    named = {name: value.strip('"') for name, value in found}
    for name, form in (
        ("BANDWIDTH", r"[1-9]\d*"),
        ("AVERAGE-BANDWIDTH", r"[1-9]\d*"),
        ("CODECS", r"avc1\.[0-9a-f]{6}(,mp4a\.40\.2)?"),
        ("RESOLUTION", r"[1-9]\d*x[1-9]\d*"),
        ("FRAME-RATE", r"\d+\.\d{3}"),
    ):
        if not re.fullmatch(form, named.get(name, "")):
            wrong.append(f"{name} is missing or not as it should be in {line}")
    if int(named.get("AVERAGE-BANDWIDTH", 0)) > int(named.get("BANDWIDTH", 0)):
        wrong.append(f"the average is more than the most in {line}")
    return named


def _media(path: Path, named: dict[str, str], wrong: list[str]) -> list[float]:
    """A media playlist; how long its segments are."""
    lines = _lines(path, wrong)
    for once in ("#EXT-X-TARGETDURATION:", "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-ENDLIST", "#EXT-X-MAP:"):
        if sum(line.startswith(once) for line in lines) != 1:
            wrong.append(f"{path.parent.name} does not have {once} once")
    version = next((int(line.partition(":")[2]) for line in lines if line.startswith("#EXT-X-VERSION:")), 0)
    if version < 6:
        wrong.append(f"{path.parent.name} says version {version}, and #EXT-X-MAP needs 6")  # §7
    target = next((int(line.partition(":")[2]) for line in lines if line.startswith("#EXT-X-TARGETDURATION:")), 0)
    initial = re.search(r'#EXT-X-MAP:URI="([^"]+)"', "\n".join(lines))
    if not initial or b"moov" not in (path.parent / initial[1]).read_bytes():
        wrong.append(f"{path.parent.name} has no initialisation segment")
    cuts: list[float] = []
    most = 0.0
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if not line.startswith("#EXTINF:"):
            continue
        length = float(line.removeprefix("#EXTINF:").partition(",")[0])
        if round(length) > target:
            wrong.append(f"{after} lasts {length} s, more than the target of {target} s")  # §4.3.3.1
        segment = path.parent / after
        if after.startswith("#") or not segment.is_file() or b"moof" not in segment.read_bytes()[:4096]:
            wrong.append(f"{path.parent.name} names {after}, which is no segment")
            continue
        cuts.append(length)
        most = max(most, segment.stat().st_size * 8 / length)
    if most > int(named.get("BANDWIDTH", 0)) + 1:
        wrong.append(f"{path.parent.name} needs {most:.0f} bit/s, more than BANDWIDTH says")
    return cuts
