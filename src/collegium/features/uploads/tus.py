"""The tus protocol for resumable uploads, version 1.0.0: headers in and out, without I/O. https://tus.io/protocols"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Protocol

import msgspec

from collegium.features.uploads.model import LARGEST
from collegium.kit.errors import Problem

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,termination,checksum"
ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
BODY = "application/offset+octet-stream"
ALWAYS = {"Tus-Resumable": VERSION, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
CAPABILITIES = {
    "Tus-Version": VERSION,
    "Tus-Extension": EXTENSIONS,
    "Tus-Max-Size": str(LARGEST),
    "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
}
_LONGEST_METADATA = 8192


class Hash(Protocol):
    """A hash that is being computed."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


class Checksum(msgspec.Struct, frozen=True):
    """What the bytes of one request must hash to."""

    algorithm: str
    digest: bytes

    def start(self) -> Hash:
        """An empty hash of the algorithm."""
        return ALGORITHMS[self.algorithm]()


class WrongVersion(Problem):
    """The client speaks another version of the protocol."""

    status, title, code = 412, "Another version of the protocol", "tus_version"


class ChecksumMismatch(Problem):
    """The bytes that arrived are not those that were sent."""

    status, title, code = 460, "The bytes changed on their way", "checksum_mismatch"


def method_of(method: str, headers: Mapping[str, str]) -> str:
    """The method that counts: `X-HTTP-Method-Override` stands in for it where a proxy knows no PATCH or DELETE."""
    override = headers.get("x-http-method-override", "").upper()
    return override if method == "POST" and override in ("PATCH", "DELETE", "HEAD") else method


def check_version(headers: Mapping[str, str]) -> None:
    """Raises WrongVersion unless the request says that it speaks this version (core protocol, `Tus-Resumable`)."""
    if headers.get("tus-resumable") != VERSION:
        raise WrongVersion(
            "This upload speaks another version of its protocol. Reload the page and choose the file again.",
            headers={"Tus-Version": VERSION},
        )


def number(headers: Mapping[str, str], name: str) -> int:
    """A header that must be a number of bytes; raises Problem (400)."""
    text = headers.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Problem(f"The header {name} must be a number of bytes.", code="bad_header")
    return int(text)


def metadata(header: str) -> dict[str, str]:
    """`Upload-Metadata`: comma-separated keys with base64 values; raises Problem (400) for anything else."""
    if len(header) > _LONGEST_METADATA:
        raise Problem("The header Upload-Metadata is too long.", code="bad_header")
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, value = pair.partition(" ")
        try:
            found[key] = base64.b64decode(value.strip(), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            raise Problem("The header Upload-Metadata cannot be read.", code="bad_header") from None
    return found


def checksum(headers: Mapping[str, str]) -> Checksum | None:
    """`Upload-Checksum`; raises Problem (400) for an algorithm that is not offered."""
    header = headers.get("upload-checksum")
    if header is None:
        return None
    algorithm, _, value = header.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise Problem(f"Checksums may be {' or '.join(ALGORITHMS)}.", code="bad_checksum")
    try:
        return Checksum(algorithm, base64.b64decode(value.strip(), validate=True))
    except binascii.Error:
        raise Problem("The header Upload-Checksum cannot be read.", code="bad_checksum") from None
