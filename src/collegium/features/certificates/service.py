"""Certificates: making the document, showing one's own, verifying anybody's."""

from __future__ import annotations

import asyncio
import hashlib
import re
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from collegium.features.certificates.document import CertificateData, DoesNotFit, UnsupportedText, render
from collegium.features.certificates.model import Certificate, ForDocument, Verified
from collegium.kit import queries
from collegium.kit.db import SYSTEM, Transaction
from collegium.kit.errors import Conflict, Invalid, NotFound
from collegium.kit.signing import LARGEST, Checked, SigningKeys, check_pdf, open_keys, sign_pdf
from collegium.kit.site import Site

Q = queries.load("collegium.features.certificates")
NUMBER = re.compile(r"CERT-[0-9]{4}-[2-9A-HJ-NP-Z]{8}")


@lru_cache(maxsize=8)
def _keys(folder: Path, organisation: str, pkcs12: Path | None, passphrase: str | None) -> SigningKeys:
    return open_keys(folder, organisation=organisation, pkcs12_file=pkcs12, passphrase=passphrase)


def keys_of(site: Site) -> SigningKeys:
    """The keys that sign and check this site's documents; makes one when there is none."""
    settings = site.settings
    return _keys(settings.data_dir / "signing", settings.site_name, settings.signing_key, settings.signing_passphrase)


def normal_number(text: str) -> str:
    """A certificate number as it is printed: people type spaces, small letters and other dashes."""
    plain = re.sub(r"[\s\u2010-\u2015\u2212]+", lambda found: "-" if found[0].strip() else "", text.strip()).upper()
    return plain[:40]


async def make_document(site: Site, certificate: UUID) -> None:
    """Typesets and signs the document of a certificate and stores it. Doing it again changes nothing.

    What cannot be set (a character that no font has, a name too long) is kept with the certificate in plain words.
    """
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        found = await tx.one(ForDocument, Q.for_document, certificate)
    if found.pdf_key is not None:
        return
    try:
        pdf = await asyncio.to_thread(_typeset, site, found)
    except (UnsupportedText, DoesNotFit) as error:
        async with site.db.transaction(SYSTEM) as tx:
            await tx.execute(Q.keep_failure, certificate, str(error))
        return
    key = f"certificates/{found.id}.pdf"
    await site.storage.put(key, pdf)
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.keep_document, certificate, key, hashlib.sha256(pdf).digest())


def _typeset(site: Site, found: ForDocument) -> bytes:
    try:
        zone = ZoneInfo(found.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    data = CertificateData(
        number=found.number,
        holder_name=found.holder_name,
        course_title=found.course_title,
        credits=found.ce_credits,
        credit_label="CE credits",
        completed_on=found.completed_at.astimezone(zone).date(),
        issued_at=found.issued_at.replace(microsecond=0),
        issuer_name=site.settings.site_name,
        verify_url=site.url(f"/verify/{found.number}"),
        instructor_name=found.instructor_name,
        lang=found.locale,
    )
    return sign_pdf(
        render(data),
        keys_of(site).current,
        reason=f"Issued by {site.settings.site_name}",
        when=datetime.now(UTC),
    )


async def mine(tx: Transaction) -> list[Certificate]:
    """The reader's certificates, the newest first."""
    return await tx.all(Certificate, Q.mine)


async def document_key(tx: Transaction, number: str) -> str:
    """Where a certificate's document lies. Raises NotFound, or Conflict while it is being made."""
    wanted = normal_number(number)
    row = await tx.fetchrow(Q.document, wanted) if NUMBER.fullmatch(wanted) else None
    if row is None:
        raise NotFound("You have no valid certificate with this number.")
    if row["pdf_key"] is None:
        detail = row["pdf_error"] or "The document is being made. Try again in a few seconds."
        raise Conflict(detail, code="document_not_ready")
    return str(row["pdf_key"])


async def verify(tx: Transaction, number: str) -> Verified:
    """Whether a certificate is valid, revoked or unknown, and what anybody may know of it."""
    wanted = normal_number(number)
    if not NUMBER.fullmatch(wanted):
        return Verified(status="unknown", valid=False, certificate_number=wanted)
    answer = await tx.fetchval(Q.verify, wanted)
    found = msgspec.convert(answer, Verified, strict=False)
    return found if found.certificate_number else msgspec.structs.replace(found, certificate_number=wanted)


async def check_document(site: Site, pdf: bytes) -> Checked:
    """Whether an uploaded PDF is one that this site signed, unchanged. Raises Invalid when it is too large or empty."""
    if not pdf:
        raise Invalid("Choose a PDF file first.", fields={"file": "Choose a PDF file."})
    if len(pdf) > LARGEST:
        raise Invalid("This file is too large for a certificate.", fields={"file": "A certificate has less than 5 MB."})
    return await asyncio.to_thread(check_pdf, pdf, keys_of(site).trusted)


async def revoke(tx: Transaction, number: str, reason: str) -> None:
    """Revokes a certificate. Raises the database's refusals: admins_only, reason_needed, no_such_certificate."""
    wanted = normal_number(number)
    if not NUMBER.fullmatch(wanted):
        raise NotFound("There is no valid certificate with this number.", code="no_such_certificate")
    await tx.execute(Q.revoke, wanted, reason)
