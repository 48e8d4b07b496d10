"""What lies in an uploaded archive: where the package begins in it, and what its manifest says."""

from __future__ import annotations

import msgspec

from collegium.features.packages.model import Refused
from collegium.kit.unpack import Archive, Limits, UnpackError, printable
from collegium.standards.aicc import structure
from collegium.standards.scorm import manifest
from collegium.standards.scorm.model import Finding, Reading

LIMITS = Limits(entries=20_000, total=6 << 30, one=2 << 30, backslashes=True)
# What file managers of other systems leave in archives.
_LITTER = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
_OTHERS = {
    "tincan.xml": "This is a package of xAPI (Tin Can). Publish it again from its editor as SCORM 1.2 or SCORM 2004.",
    "cmi5.xml": "This is a package of cmi5. Publish it again from its editor as SCORM 1.2 or SCORM 2004.",
    "collegium-course.json": "This is a whole course of Collegium. Import it under Studio, Import.",
}
_LARGEST_SIDE_FILE = 16 << 20


class Contents(msgspec.Struct):
    """A package found in an archive: its files by their name in the package, and what was read of it."""

    files: dict[str, str]
    """Name in the package → name in the archive."""
    reading: Reading


def look_into(archive: Archive) -> Contents:
    """Finds the package in an archive and reads what it says of itself. Raises Refused and UnpackError."""
    names = [name for name in archive.entries if not _is_litter(name)]
    found = _manifest_in(names)
    if found is None:
        course = structure.find(names)
        if course is None:
            raise Refused(_what_else(names))
        reading = structure.read(course, names, lambda name: archive.read(name, structure.LARGEST))
        return Contents({name: name for name in names}, reading)
    folder, file = found
    files = {name.removeprefix(folder): name for name in names if name.startswith(folder)}

    def fetch(name: str) -> bytes:
        try:
            return archive.read(files[name], _LARGEST_SIDE_FILE)
        except UnpackError as error:
            raise ValueError(str(error)) from error

    data = archive.read(folder + file, manifest.LARGEST)
    reading = manifest.read(data, files, fetch, file)
    return Contents(files, _with_place(reading, folder, file, len(names) - len(files)))


def _manifest_in(names: list[str]) -> tuple[str, str] | None:
    """The folder, with its slash, in which the package begins, and what its manifest is called there."""
    found = [name for name in names if name.rpartition("/")[2].lower() == manifest.FILE]
    if not found:
        return None
    depth = min(name.count("/") for name in found)
    nearest = [name for name in found if name.count("/") == depth]
    if len(nearest) > 1:
        listed = ", ".join(f"“{printable(name)}”" for name in nearest[:3])
        raise Refused(f"There are several packages in this archive: {listed}. Upload each as an archive of its own.")
    folder, slash, file = nearest[0].rpartition("/")
    return folder + slash, file


def _with_place(reading: Reading, folder: str, file: str, outside: int) -> Reading:
    """Notes what was put right about where the manifest lies."""
    told: list[Finding] = []
    if folder:
        words = f"The package lies in the folder “{printable(folder[:-1])}” of the archive. It was taken from there."
        if outside:
            words += f" {outside:,} {'file' if outside == 1 else 'files'} outside that folder were left out."
        told.append(Finding(file, 0, "", words))
    if file != manifest.FILE:
        told.append(Finding(file, 0, "", f"The manifest is called {file}; SCORM calls it {manifest.FILE}."))
    reading.warnings[:0] = told
    return reading


def _is_litter(name: str) -> bool:
    return name.startswith(_LITTER[0]) or name.rpartition("/")[2] in _LITTER[1:]


def _what_else(names: list[str]) -> str:
    plain = {name.rpartition("/")[2].lower() for name in names}
    for other, words in _OTHERS.items():
        if other in plain:
            return words
    inside = next((name for name in names if name.lower().endswith((".zip", ".pif"))), None)
    if inside and len(names) <= 20:
        return f"There is another archive in this one, “{printable(inside)}”. Unzip it and upload that."
    return (
        f"There is no {manifest.FILE} in this archive, so it is no SCORM package, and no .crs file, so it is no AICC"
        " course. Publish it again from its editor as SCORM, and upload the zip as it comes from there."
    )
