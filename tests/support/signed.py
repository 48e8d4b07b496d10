"""A certificate and its signature, for tests of signing."""

from __future__ import annotations

import functools
from datetime import UTC, date, datetime
from decimal import Decimal

from collegium.features.certificates.document import CertificateData, render
from collegium.kit.signing import SigningKey, sign_pdf

NUMBER = "CERT-2026-7KQ9XM4T"
WHEN = datetime(2026, 3, 12, 18, 31, 7, tzinfo=UTC)
GUILD = "Guild of Insurance Professionals"


@functools.cache
def certificate(title: str = "Advanced Risk Management", number: str = NUMBER) -> bytes:
    return render(
        CertificateData(
            number=number,
            holder_name="Margaret O’Connell-Reyes",
            course_title=title,
            credits=Decimal("8.5"),
            credit_label="CE credits",
            completed_on=date(2026, 3, 12),
            issued_at=WHEN,
            issuer_name=GUILD,
            verify_url=f"https://learn.example.org/verify/{number}",
        )
    )


def sign(pdf: bytes, key: SigningKey) -> bytes:
    return sign_pdf(pdf, key, reason=f"Certificate {NUMBER}", location="learn.example.org", when=WHEN)
