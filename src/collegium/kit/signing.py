"""Signs PDF documents with the site's key, and tells whether an uploaded PDF is one of them, unchanged.

Signatures are PAdES baseline B-B (ETSI EN 319 142-1): certifying, invisible, over the whole file. Everything here
computes for milliseconds to tens of milliseconds and blocks: in a coroutine call it by `asyncio.to_thread`.

Checking reads no PDF structure of a stranger's making. Whatever a file's objects say, the signed bytes are those
that `/ByteRange` names; when our key signed every byte around the signature, the file is the one that we made.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
from collections.abc import Generator, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, cast

import msgspec
from cryptography.x509 import Certificate
from pyhanko.pdf_utils.generic import parse_pdf_date
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import InvisSigSettings, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import SignatureObject

from collegium.kit import signing_cms as cms
from collegium.kit.signing_keys import KeyProblem, SigningKey, SigningKeys, is_signed, key_id, open_keys

__all__ = [
    "CERTIFICATE_NUMBER",
    "LARGEST",
    "Certificate",
    "Checked",
    "KeyProblem",
    "SigningKey",
    "SigningKeys",
    "check_pdf",
    "is_signed",
    "key_id",
    "open_keys",
    "sign_pdf",
]

CERTIFICATE_NUMBER = re.compile(r"CERT-[0-9]{4}-[0-9A-Z]{8}")
LARGEST = 5 * 1024 * 1024
"""Bytes of the largest file that is looked at; a certificate has some 60,000."""

_DIGEST = "sha256"
_FIELD = "Signature"
_MOST_SIGNATURES = 20

_HEADER = re.compile(rb"%PDF-[12]\.[0-9]")
_TRAILER = re.compile(rb"startxref\s+([0-9]{1,10})\s+%%EOF\s*\Z")
_XREF = re.compile(rb"\s*(xref\s|[0-9]+\s+[0-9]+\s+obj\b)")
_ENCRYPTED = re.compile(rb"/Encrypt\s*(?:[0-9]+\s+[0-9]+\s+R|<<)")
_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*0\s+([0-9]{1,10})\s+([0-9]{1,10})\s+([0-9]{1,10})\s*\]")
_ANY_SIGNATURE = re.compile(rb"/ByteRange\s*\[|/SubFilter\s*/(?:ETSI\.|adbe\.)")
_CONTENTS = re.compile(rb"/Contents\s*\Z")
_KEYWORDS = re.compile(rb"<pdf:Keywords>(CERT-[0-9]{4}-[0-9A-Z]{8})</pdf:Keywords>")


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a file turned out to be."""

    status: Literal["ours", "altered", "foreign", "unsigned", "unreadable"]
    """``ours``: signed by a trusted key, every byte as it was. ``altered``: it bears our signature, but is no longer,
    or never was, what we signed. ``foreign``: signed by others only. ``unsigned``: a PDF without signature.
    ``unreadable``: no PDF, encrypted, cut off, or larger than `LARGEST`."""
    number: str | None = None
    """Certificate number in the document. Proven only when ``ours``; else what the file claims."""
    signed_at: datetime | None = None
    """When our key signed it, by the site's clock; only when ``ours``."""
    signer: str | None = None
    """Name in the signer's certificate, at most 200 characters. Proven only when ``ours``."""
    covers_whole_file: bool = False
    """Whether a signature speaks for the file from its first byte to its last; false after an incremental update
    (ISO 32000-1, 7.5.6)."""


class _Writer(IncrementalPdfFileWriter):
    """Appends the signature and leaves the document's metadata as they are.

    The library would stamp its own name and the present moment into the Info dictionary and rewrite the XMP packet,
    whose PDF/A and PDF/UA identifiers had better stay as they were made.
    """

    def _update_meta(self) -> None:
        return


def sign_pdf(pdf: bytes, key: SigningKey, *, reason: str, when: datetime, location: str | None = None) -> bytes:
    """The same document with a certifying signature that allows no changes (DocMDP 1; ISO 32000-1, 12.8.2.2).

    The signature is an incremental update: the bytes of ``pdf`` stay in front. Its field lies outside the page, so
    the document stays PDF/A-2 (printable annotations) and PDF/UA-1 (no untagged annotation on a page).

    Raises:
        ValueError: ``when`` has no time zone.
        pyhanko.pdf_utils.misc.PdfError: ``pdf`` is no PDF that can be written to.
    """
    if when.tzinfo is None:
        raise ValueError("the time of signing has no time zone")
    field = SigFieldSpec(
        _FIELD,
        readable_field_name=reason,
        invis_sig_settings=InvisSigSettings(set_print_flag=True, box_out_of_bounds=True),
    )
    # A generator that takes and gives another type at each step, which its annotations cannot say.
    steps: Generator[Any, Any, None] = cast(Any, PdfCMSEmbedder(field).write_cms(_FIELD, _Writer(io.BytesIO(pdf))))
    next(steps)
    placeholder = SignatureObject(
        timestamp=when.astimezone(UTC).replace(microsecond=0),
        subfilter=SigSeedSubFilter.PADES,
        reason=reason,
        location=location,
        bytes_reserved=asyncio.run(cms.size(key.signer, _DIGEST)) * 2,
    )
    certifying = SigMDPSetup(md_algorithm=_DIGEST, certify=True, docmdp_perms=MDPPerm.NO_CHANGES)
    steps.send(SigObjSetup(sig_placeholder=placeholder, mdp_setup=certifying))
    prepared, output = steps.send(SigIOSetup(md_algorithm=_DIGEST))
    steps.send(asyncio.run(cms.sign(key.signer, prepared.document_digest, _DIGEST)))
    return output.getvalue()


def check_pdf(pdf: bytes, trusted: Sequence[Certificate]) -> Checked:
    """Whether ``pdf`` is a document that one of the ``trusted`` certificates signed, and unchanged since.

    A certificate counts by being in ``trusted``, nothing else: neither its dates nor who issued it, so that what a
    retired key signed stays genuine. Nothing is fetched. Never raises, whatever the bytes are.
    """
    if len(pdf) > LARGEST:
        return Checked(status="unreadable")
    signatures = list(_signatures(pdf))
    for signature in signatures:
        if signature.covers_whole_file:
            signer = cms.signer_of(signature.cms, signature.signed, trusted)
            if signer is not None:
                return _ours(pdf, signer)
    number = _KEYWORDS.search(pdf)
    claimed = Checked(
        status="unsigned",
        number=number[1].decode() if number else None,
        covers_whole_file=any(signature.covers_whole_file for signature in signatures),
    )
    lowered = pdf.lower()
    for certificate in trusted:
        if cms.bears(lowered, certificate):
            return msgspec.structs.replace(claimed, status="altered", signer=cms.name_of(certificate))
    if not _is_pdf(pdf) or _ENCRYPTED.search(pdf):
        return Checked(status="unreadable")
    if signatures or _ANY_SIGNATURE.search(pdf):
        names = (cms.claimed_signer(signature.cms) for signature in signatures)
        return msgspec.structs.replace(claimed, status="foreign", signer=next((n for n in names if n), None))
    return claimed


class _Signature(msgspec.Struct, frozen=True):
    cms: bytes
    """The CMS object and the zeros that fill its place."""
    signed: tuple[memoryview, memoryview]
    covers_whole_file: bool


def _is_pdf(pdf: bytes) -> bool:
    """Header first, trailer last, and the trailer points at a cross-reference section (ISO 32000-1, 7.5)."""
    trailer = _TRAILER.search(pdf, max(0, len(pdf) - 1024))
    if trailer is None or not _HEADER.match(pdf):
        return False
    return _XREF.match(pdf, int(trailer[1]), int(trailer[1]) + 64) is not None


def _signatures(pdf: bytes) -> Iterator[_Signature]:
    """Signatures whose byte range leaves out exactly their own `/Contents` (ISO 32000-1, 12.8.1)."""
    view = memoryview(pdf)
    found = 0
    for match in _BYTE_RANGE.finditer(pdf):
        before, start, length = (int(group) for group in match.groups())
        if not (0 < before < start and start + length <= len(pdf)):
            continue
        # A title may say "/ByteRange [0 1 2 3]": only what stands at a real gap counts, and counts as one of twenty.
        if not _CONTENTS.search(pdf, max(0, before - 32), before):
            continue
        found += 1
        if found > _MOST_SIGNATURES:
            return
        contents = pdf[before:start]
        try:
            value = bytes.fromhex(contents[1:-1].decode("ascii"))
        except ValueError:
            continue
        # Exactly as we write it: no spaces, no small letters, nothing that could differ and mean the same.
        if contents == b"<" + value.hex().upper().encode() + b">":
            signed = (view[:before], view[start : start + length])
            yield _Signature(value, signed, covers_whole_file=start + length == len(pdf))


def _ours(pdf: bytes, signer: Certificate) -> Checked:
    """Facts from a file proven to be ours, which may therefore be parsed."""
    found = Checked(status="ours", signer=cms.name_of(signer), covers_whole_file=True)
    # The owner of a given key may have signed other documents with it, by other programs: no certificates, but genuine.
    with contextlib.suppress(Exception):
        reader: Any = PdfFileReader(io.BytesIO(pdf))
        fields = (reference.get_object() for reference in reader.root["/AcroForm"]["/Fields"])
        signature = next(field["/V"] for field in fields if field["/T"] == _FIELD)
        found = msgspec.structs.replace(found, signed_at=parse_pdf_date(signature["/M"]))
        number = CERTIFICATE_NUMBER.fullmatch(str(reader.trailer["/Info"]["/Keywords"]))
        found = msgspec.structs.replace(found, number=number[0] if number else None)
    return found
