"""The day's root: where the chain stood when a day had ended, signed with the site's key, as a row and as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from collegium.features.audit.chain import Finding
from collegium.features.audit.model import Root
from collegium.kit.signing import is_signed, key_id

FOLDER = "audit"


class RootFile(msgspec.Struct, frozen=True):
    """The file: all that is needed to check it without the site, by the certificate that it names."""

    day: date
    position: int
    rows: int
    hash: str
    signed_at: str
    key_id: str
    signature: str
    certificate: str
    signed_text: str


def key_of(day: date) -> str:
    """Where the file of a day lies."""
    return f"{FOLDER}/{day:%Y}/{day:%m-%d}.json"


def text_of(root: Root) -> str:
    """What is signed."""
    at = root.signed_at.astimezone(UTC).isoformat(timespec="microseconds")
    return (
        f"collegium audit root 1\nday {root.day.isoformat()}\nposition {root.position}\nrows {root.rows}\n"
        f"hash {root.hash.hex()}\nsigned {at}\nkey {root.key_id}\n"
    )


def file_of(root: Root, trusted: Sequence[x509.Certificate]) -> bytes:
    """The file of a root."""
    certificate = next((c for c in trusted if key_id(c) == root.key_id), None)
    document = RootFile(
        day=root.day,
        position=root.position,
        rows=root.rows,
        hash=root.hash.hex(),
        signed_at=root.signed_at.astimezone(UTC).isoformat(timespec="microseconds"),
        key_id=root.key_id,
        signature=root.signature.hex(),
        certificate=certificate.public_bytes(Encoding.PEM).decode() if certificate else "",
        signed_text=text_of(root),
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _finding(root: Root, words: str) -> Finding:
    return Finding(kind="root", position=root.position, words=f"The root of {root.day.isoformat()} {words}.")


def check_signatures(roots: Sequence[Root], trusted: Sequence[x509.Certificate]) -> Iterator[Finding]:
    """Roots that none of the site's keys signed as they stand, or that do not go on from the one before."""
    known = {key_id(certificate): certificate for certificate in trusted}
    before = 0
    for root in roots:
        certificate = known.get(root.key_id)
        if certificate is None:
            yield _finding(root, "was signed with a key that this site does not know")
        elif not is_signed(text_of(root).encode(), root.signature, certificate):
            yield _finding(root, "was altered: its signature does not fit")
        elif root.rows != root.position - before:
            yield _finding(root, "does not go on from the root before it: a root was removed between them")
        before = root.position


def check_files(roots: Sequence[Root], files: Mapping[str, bytes | None]) -> Iterator[Finding]:
    """Roots and files that do not say the same. ``files``: what lies in storage, by key; None: unreadable."""
    by_key = {key_of(root.day): root for root in roots}
    for key in sorted(files.keys() - by_key.keys()):
        yield Finding(kind="root", words=f"The file {key} belongs to a root that was removed from the database.")
    for key, root in by_key.items():
        if key not in files:
            if root.exported_key is not None:
                yield _finding(root, f"has lost its file {key}")
            continue
        try:
            kept = msgspec.json.decode(files[key] or b"", type=RootFile)
        except msgspec.MsgspecError:
            yield _finding(root, f"has a file {key} that cannot be read")
            continue
        if (kept.signed_text, kept.signature) != (text_of(root), root.signature.hex()):
            yield _finding(root, f"is not the one that its file {key} holds: one of them was altered")


class RootWatch:
    """Holds a walk along the chain to the signed roots."""

    def __init__(self, roots: Sequence[Root]) -> None:
        self._waiting = sorted(roots, key=lambda root: root.position)
        self._at = 0
        self.findings: list[Finding] = []

    def passed(self, position: int, row_hash: bytes) -> None:
        """The chain has this hash at this place."""
        while self._at < len(self._waiting) and self._waiting[self._at].position <= position:
            root = self._waiting[self._at]
            self._at += 1
            if root.position == position and root.hash != row_hash:
                words = (
                    f"does not fit the chain: what leads to position {position} was written anew after it was signed"
                )
                self.findings.append(_finding(root, words))
            elif root.position < position:
                self.findings.append(_finding(root, f"names position {root.position}, where no genuine row stands"))

    def finish(self) -> list[Finding]:
        """What was found, with the roots that the chain did not reach."""
        ends = (_finding(r, f"names position {r.position}, which is gone") for r in self._waiting[self._at :])
        return [*self.findings, *ends]
