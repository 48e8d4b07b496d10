"""Sets a certificate as a PDF: tagged, archivable (PDF/A-2a, ISO 19005-2) and accessible (PDF/UA-1, ISO 14289-1).

Nothing here touches the database, the clock or the network: the same data give the same bytes on every machine.
"""

from __future__ import annotations

import io
import re
import threading
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec
import segno
import typst

from collegium.kit.signing import CERTIFICATE_NUMBER

__all__ = ["CertificateData", "DoesNotFit", "Paper", "UnsupportedText", "render"]

Paper = Literal["a4", "us-letter"]

HERE = Path(__file__).parent
TEMPLATE = HERE / "typst" / "certificate.typ"
WORDS = HERE / "typst" / "words.json"
FONTS = HERE / "fonts"

# Both, always: without a standard a character that no font has becomes an empty box and nobody is told.
STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]

ACCENT = "#124b4e"

# Embeddings, overrides and isolates reorder what stands beside them: "evil" can be made to read "live".
# U+FEFF may not stand in PDF/A text (ISO 19005-2, 6.2.11.7.2).
REFUSED = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
SPACES = re.compile(r"[ \t\r\n\f\v\x85\u2028\u2029]+")
ADDRESS = re.compile(r"https?://[!-~]+")
LANGUAGE = re.compile(r"([a-zA-Z]{2,3})(?:-[A-Za-z]{4})?(?:-([A-Za-z]{2}))?(?:-[A-Za-z0-9-]+)?")

# What typst says of a character that it cannot set, once for each.
UNSETTABLE = re.compile(r'the text `"(.+?)"` could not be displayed|disallowed codepoint `"(.+?)"`')
ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")


class UnsupportedText(ValueError):
    """The certificate's fonts lack a character of the text, or it is one that must not be printed.

    Nothing is left out or replaced. Either the text is changed by someone who may, or a font that has the
    character is put in the folder given as ``extra_fonts``.
    """

    def __init__(self, characters: Iterable[str]) -> None:
        self.characters = tuple(dict.fromkeys(characters))
        """Each character once, in the order found."""
        listed = ", ".join(_name(character) for character in self.characters)
        super().__init__(f"The certificate cannot show {listed}. Use other characters, or add a font that has them.")


class DoesNotFit(ValueError):
    """A text is so long that it does not fit the page at the smallest readable size."""


class CertificateData(msgspec.Struct, frozen=True, kw_only=True):
    """What a certificate says. Texts are taken literally; runs of spaces and line ends become one space."""

    number: str
    """``CERT-YYYY-XXXXXXXX``; goes into the document's keywords too, where `kit.signing.check_pdf` finds it."""
    holder_name: str
    course_title: str
    credits: Decimal
    """Credits awarded; at 0 the certificate does not speak of credit."""
    credit_label: str
    """What the credits are of: "CE credits"."""
    completed_on: date
    issued_at: datetime
    """With a time zone; printed as a date in UTC, and the document's own time of creation."""
    issuer_name: str
    verify_url: str
    """An absolute http or https address."""
    instructor_name: str | None = None
    lang: str = "en"
    """BCP 47 tag of the course's language; the fixed words follow it where we have them (words.json), else English."""


class _Words(msgspec.Struct, frozen=True):
    heading: str
    certifies: str
    completed: str
    number: str
    completed_on: str
    credits: str
    instructor: str
    issued: str
    verify: str
    qr: str
    description: str
    date: str
    first_day: str
    decimal_mark: str
    months: list[str]

    def day(self, day: date) -> str:
        number = self.first_day if day.day == 1 else str(day.day)
        return self.date.format(day=number, month=self.months[day.month - 1], year=day.year)

    def amount(self, value: Decimal) -> str:
        return f"{value.normalize():f}".replace(".", self.decimal_mark)


class _Typesetter:
    """One typst compiler, kept: reading the fonts takes far longer than setting a page."""

    def __init__(self, extra_fonts: Path | None) -> None:
        folders = [FONTS] if extra_fonts is None else [FONTS, extra_fonts]
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
        self._compiler = typst.Compiler(TEMPLATE, root=TEMPLATE.parent, font_paths=fonts, ignore_system_fonts=True)
        self._lock = threading.Lock()

    def __call__(self, inputs: bytes, timestamp: datetime) -> bytes:
        with self._lock:
            pdf = self._compiler.compile(
                format="pdf",
                sys_inputs={"data": inputs.decode()},
                pdf_standards=STANDARDS,
                timestamp=timestamp,
            )
        assert isinstance(pdf, bytes)  # noqa: S101 - a PDF without an output path is always one bytes object
        return pdf


_typesetter = cache(_Typesetter)


def render(data: CertificateData, *, paper: Paper = "a4", extra_fonts: Path | None = None) -> bytes:
    """Set the certificate: one landscape page, PDF/A-2a and PDF/UA-1, not yet signed.

    It computes for some milliseconds (for some tens the first time): in a coroutine call it by `asyncio.to_thread`.

    Args:
        extra_fonts: a folder with more fonts (TTF, OTF), searched after the shipped ones.

    Raises:
        UnsupportedText: a character that no font has, or that must not be printed.
        DoesNotFit: a name or title far too long for the page.
        ValueError: an empty text, a number not of the form, a time without zone, an address not absolute.
    """
    inputs, issued_at = _inputs(data, paper)
    try:
        return _typesetter(extra_fonts)(msgspec.json.encode(inputs), issued_at)
    except typst.TypstError as error:
        unsettable = [_unescape(a or b) for a, b in UNSETTABLE.findall(error.diagnostic)]
        if unsettable:
            raise UnsupportedText(unsettable) from error
        if "does not fit" in error.message:
            raise DoesNotFit("A name or the title is too long to fit on one page.") from error
        raise


@cache
def _all_words() -> dict[str, _Words]:
    return msgspec.json.decode(WORDS.read_bytes(), type=dict[str, _Words])


def _inputs(data: CertificateData, paper: Paper) -> tuple[dict[str, object], datetime]:
    """What the template reads, and the document's time."""
    if not CERTIFICATE_NUMBER.fullmatch(data.number):
        raise ValueError(f"{data.number!r} is not a certificate number")
    if data.issued_at.tzinfo is None:
        raise ValueError("issued_at has no time zone")
    if not data.credits.is_finite() or data.credits < 0:
        raise ValueError(f"{data.credits} is no number of credits")
    issued_at = data.issued_at.astimezone(UTC)
    lang, region = _language(data.lang)
    words_lang = lang if lang in _all_words() else "en"
    words = _all_words()[words_lang]
    holder, course, issuer = _text(data.holder_name), _text(data.course_title), _text(data.issuer_name)
    facts = [
        (words.number, data.number),
        (words.completed_on, words.day(data.completed_on)),
    ]
    if data.credits:
        facts.append((words.credits, f"{words.amount(data.credits)} {_text(data.credit_label)}"))
    if data.instructor_name is not None:
        facts.append((words.instructor, _text(data.instructor_name)))
    url = _address(data.verify_url)
    return {
        "paper": paper,
        "lang": lang,
        "region": region,
        "words": {**msgspec.structs.asdict(words), "lang": words_lang},
        "document_title": f"{words.heading} – {course} – {holder}",
        "description": words.description.format(number=data.number, issuer=issuer, holder=holder, course=course),
        "number": data.number,
        "issuer_name": issuer,
        "holder_name": holder,
        "course_title": course,
        "facts": facts,
        "issued": words.issued.format(date=words.day(issued_at.date())),
        "verify_url": url,
        "qr": qr_code(url),
        "qr_alt": words.qr.format(url=url),
    }, issued_at


def qr_code(url: str) -> str:
    """The address as an SVG picture without quiet zone: the page leaves the four modules (ISO/IEC 18004, 9.1)."""
    out = io.BytesIO()
    segno.make(url, error="m", micro=False).save(out, kind="svg", border=0, dark=ACCENT, xmldecl=False, nl=False)
    return out.getvalue().decode()


def _text(value: str) -> str:
    """One line of it.

    Raises:
        UnsupportedText: control, private-use or reordering characters, half a surrogate pair.
        ValueError: there is nothing to see in it.
    """
    line = SPACES.sub(" ", value).strip()
    refused = [c for c in line if c in REFUSED or unicodedata.category(c) in {"Cc", "Co", "Cs"}]
    if refused:
        raise UnsupportedText(refused)
    if not any(unicodedata.category(c)[0] in "LNPS" for c in line):
        raise ValueError("a text of the certificate is empty")
    return line


def _language(tag: str) -> tuple[str, str | None]:
    match = LANGUAGE.fullmatch(tag)
    if match is None:
        raise ValueError(f"{tag!r} is not a language tag")
    region = match[2]
    return match[1].lower(), region.upper() if region else None


def _address(url: str) -> str:
    if not ADDRESS.fullmatch(url) or not urlsplit(url).hostname:
        raise ValueError(f"{url!r} is not an absolute web address")
    return url


def _unescape(text: str) -> str:
    return ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else match[2], text)


def _name(text: str) -> str:
    """For a person: the character if it can be seen, its code point, its name."""
    described: list[str] = []
    for character in text:
        code = f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()
        seen = unicodedata.category(character)[0] != "C"
        described.append(f"“{character}” ({code})" if seen else code)
    return ", ".join(described)
