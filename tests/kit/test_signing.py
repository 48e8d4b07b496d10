"""The site's signature on a PDF: made, found again, and missed when a single byte differs."""

from __future__ import annotations

import functools
import io
import re
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta, timezone
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader, PdfWriter

from collegium.kit import signing
from collegium.kit.signing import Checked, SigningKey, check_pdf, sign_pdf
from collegium.kit.signing_cms import for_pyhanko
from tests.support.signed import GUILD, NUMBER, WHEN, certificate, sign


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return SigningKey.load_or_create(tmp_path_factory.mktemp("ours") / "key.pem", organisation=GUILD)


@pytest.fixture(scope="module")
def other_key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    """Somebody who gives himself the same name."""
    return SigningKey.load_or_create(tmp_path_factory.mktemp("theirs") / "key.pem", organisation=GUILD)


@pytest.fixture(scope="module")
def signed(key: SigningKey) -> bytes:
    return sign(certificate(), key)


def gap(pdf: bytes) -> tuple[int, int]:
    """Where the last signature's hexadecimal digits begin and end."""
    start = pdf.rindex(b"/Contents <") + len("/Contents <")
    return start, pdf.index(b">", start)


def test_a_signed_certificate_is_ours(signed: bytes, key: SigningKey) -> None:
    assert check_pdf(signed, [key.certificate]) == Checked(
        status="ours", number=NUMBER, signed_at=WHEN, signer=GUILD, covers_whole_file=True
    )


def test_an_independent_reading_finds_it_certified_valid_and_whole(signed: bytes, key: SigningKey) -> None:
    (embedded,) = PdfFileReader(io.BytesIO(signed)).embedded_signatures
    context = ValidationContext(trust_roots=[for_pyhanko(key.certificate)], allow_fetching=False)
    status = validate_pdf_signature(embedded, context)
    assert status.bottom_line
    assert status.coverage.name == "ENTIRE_FILE"
    assert embedded.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert embedded.docmdp_level is not None
    assert embedded.docmdp_level.name == "NO_CHANGES"
    assert embedded.sig_object["/Reason"] == f"Certificate {NUMBER}"
    assert embedded.sig_object["/Location"] == "learn.example.org"
    # PAdES B-B (ETSI EN 319 142-1, 6.3): the time stands in the dictionary, the attributes name the certificate.
    attributes = {attribute["type"].native for attribute in embedded.signer_info["signed_attrs"]}
    assert attributes == {"content_type", "message_digest", "signing_certificate_v2"}


def test_signing_leaves_the_document_as_it_was(signed: bytes) -> None:
    assert signed.startswith(certificate())
    before, after = PdfReader(io.BytesIO(certificate())), PdfReader(io.BytesIO(signed))
    assert after.metadata == before.metadata
    assert after.trailer["/Root"]["/Metadata"].get_data() == before.trailer["/Root"]["/Metadata"].get_data()


def test_the_field_keeps_to_pdf_a_and_pdf_ua(signed: bytes) -> None:
    root = PdfReader(io.BytesIO(signed)).trailer["/Root"]
    (field,) = [reference.get_object() for reference in root["/AcroForm"]["/Fields"]]
    # ISO 19005-2, 6.3.2: printable and not hidden; 6.3.3: no appearance is due when it has no extent.
    assert field["/F"] & 0b100111 == 0b100
    left, bottom, right, top = (float(value) for value in field["/Rect"])
    assert (left, bottom) == (right, top)
    # ISO 14289-1, 7.18.1: what lies outside the page needs no tag; 7.18.3: tab order follows structure.
    assert right < 0
    assert top < 0
    assert field["/P"].get_object()["/Tabs"] == "/S"
    assert field["/TU"] == f"Certificate {NUMBER}"
    # ISO 19005-2, 6.1.12 and 6.4.1.
    assert set(root["/Perms"]) == {"/DocMDP"}
    assert "/NeedAppearances" not in root["/AcroForm"]


def test_the_time_is_an_instant(key: SigningKey) -> None:
    elsewhere = WHEN.astimezone(timezone(timedelta(hours=5, minutes=30)))
    signed = sign_pdf(certificate(), key, reason="r", when=elsewhere)
    assert check_pdf(signed, [key.certificate]).signed_at == WHEN
    with pytest.raises(ValueError, match="time zone"):
        sign_pdf(certificate(), key, reason="r", when=WHEN.replace(tzinfo=None))


def test_threads_sign_side_by_side(key: SigningKey) -> None:
    with ThreadPoolExecutor(4) as pool:
        for pdf in pool.map(lambda _: sign(certificate(), key), range(8)):
            assert check_pdf(pdf, [key.certificate]).status == "ours"


# -------------------------------------------------------------------------------------------- checking


def test_a_single_changed_bit_anywhere_is_seen(signed: bytes, key: SigningKey) -> None:
    trusted = [key.certificate]
    start, end = gap(signed)
    places = {*range(0, len(signed), 97), *range(start, end, 3), *range(start - 120, start), *range(end, len(signed))}
    for place in sorted(places):
        changed = bytearray(signed)
        changed[place] ^= 1 << place % 7
        assert check_pdf(bytes(changed), trusted).status == "altered", place


def test_other_spellings_of_the_same_signature_are_not_ours(signed: bytes, key: SigningKey) -> None:
    start, end = gap(signed)
    small = signed[:start] + signed[start:end].lower() + signed[end:]
    assert len(small) == len(signed)
    padded = signed[: end - 2] + b"01" + signed[end:]
    for changed in (small, padded):
        assert check_pdf(changed, [key.certificate]).status == "altered"


def test_an_incremental_update_is_seen(signed: bytes, key: SigningKey) -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(signed))
    writer.root["/Note"] = generic.pdf_string("a harmless addition")
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    checked = check_pdf(out.getvalue(), [key.certificate])
    assert out.getvalue().startswith(signed)
    assert (checked.status, checked.covers_whole_file, checked.signed_at) == ("altered", False, None)
    assert (checked.number, checked.signer) == (NUMBER, GUILD)


@pytest.mark.parametrize("change", [lambda pdf: pdf + b"\n", lambda pdf: b"\n" + pdf, lambda pdf: pdf[:-1]])
def test_a_byte_more_or_less_is_seen(signed: bytes, key: SigningKey, change: Callable[[bytes], bytes]) -> None:
    assert check_pdf(change(signed), [key.certificate]).status == "altered"


def test_a_signature_does_not_pass_to_another_document(signed: bytes, key: SigningKey) -> None:
    better = sign(certificate("A Much Harder Course"), key)
    start, end = gap(signed)
    other_start, other_end = gap(better)
    assert end - start == other_end - other_start
    forged = better[:other_start] + signed[start:end] + better[other_end:]
    assert check_pdf(better, [key.certificate]).status == "ours"
    assert check_pdf(forged, [key.certificate]).status == "altered"


def test_content_hidden_in_the_gap_is_seen(signed: bytes, key: SigningKey) -> None:
    """The signed bytes stay, the gap grows, and a forged byte range says so."""
    _, end = gap(signed)
    hidden = b"00> /Evil <00"
    match = re.search(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\] *", signed[end:])
    assert match is not None
    wider = b"/ByteRange [0 %d %d %d]" % (int(match[1]), int(match[2]) + len(hidden), int(match[3]))
    tail = signed[end:].replace(match[0], wider.ljust(len(match[0])), 1)
    forged = signed[:end] + hidden + tail
    assert check_pdf(forged, [key.certificate]).status == "altered"


def test_another_key_is_foreign_even_under_our_name(key: SigningKey, other_key: SigningKey) -> None:
    theirs = sign(certificate(), other_key)
    assert check_pdf(theirs, [key.certificate]) == Checked(
        status="foreign", number=NUMBER, signer=GUILD, covers_whole_file=True
    )
    assert check_pdf(theirs, []).status == "foreign"


def test_a_second_signature_by_another_counts_as_a_change(
    signed: bytes, key: SigningKey, other_key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours is whole up to where it ends, theirs covers the whole file."""
    monkeypatch.setattr(signing, "_FIELD", "Second")
    monkeypatch.setattr(signing, "MDPPerm", SimpleNamespace(NO_CHANGES=signing.MDPPerm.FILL_FORMS))
    twice = sign(signed, other_key)
    assert twice.startswith(signed)
    assert check_pdf(twice, [key.certificate]) == Checked(
        status="altered", number=NUMBER, signer=GUILD, covers_whole_file=True
    )


def blank() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_an_unsigned_certificate_is_unsigned(key: SigningKey) -> None:
    assert check_pdf(certificate(), [key.certificate]) == Checked(status="unsigned", number=NUMBER)
    assert check_pdf(blank(), [key.certificate]) == Checked(status="unsigned")


def test_another_document_signed_by_our_key_is_ours_without_number(key: SigningKey) -> None:
    assert check_pdf(sign(blank(), key), [key.certificate]) == Checked(
        status="ours", signed_at=WHEN, signer=GUILD, covers_whole_file=True
    )


def test_a_field_of_another_name_gives_no_facts(key: SigningKey, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(signing, "_FIELD", "Signature1")
        signed = sign(certificate(), key)
    assert check_pdf(signed, [key.certificate]) == Checked(status="ours", signer=GUILD, covers_whole_file=True)


@pytest.mark.parametrize(
    "title",
    [
        "/ByteRange [0 1 2 3] " * 12,
        "/Encrypt 1 0 R startxref 0 %%EOF",
        "<pdf:Keywords>CERT-1999-AAAAAAAA</pdf:Keywords>",
        "/Keywords (CERT-1999-AAAAAAAA) /T (Signature)",
        ") >> endobj trailer << /Root 1 0 R >>",
        "<?xpacket begin='' ?>",
    ],
)
def test_a_title_cannot_confuse_the_check(key: SigningKey, title: str) -> None:
    signed = sign(certificate(title), key)
    assert check_pdf(signed, [key.certificate]) == Checked(
        status="ours", number=NUMBER, signed_at=WHEN, signer=GUILD, covers_whole_file=True
    )
    changed = signed[:4000] + bytes([signed[4000] ^ 1]) + signed[4001:]
    assert check_pdf(changed, [key.certificate]).status == "altered"


def encrypted(password: str) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(certificate()))
    writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def bomb() -> bytes:
    """Small, well-formed, and 200 MB when a careless reader unpacks its cross-reference stream."""
    data = zlib.compress(bytes(200_000_000), 9)
    head = b"%PDF-1.7\n"
    xref = b"1 0 obj\n<</Type/XRef/Size 66666666/W[1 1 1]/Root 1 0 R/Filter/FlateDecode/Length %d>>stream\n" % len(data)
    return head + xref + data + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(head)


@pytest.mark.parametrize(
    "make",
    [
        lambda: b"",
        lambda: b"%PDF-1.7",
        lambda: b"%PDF-1.7\nstartxref\n9999999999\n%%EOF",
        lambda: b"\x89PNG\r\n\x1a\n" + bytes(500),
        lambda: b"PK\x03\x04" + bytes(500),
        lambda: certificate()[: len(certificate()) // 2],
        lambda: certificate()[100:],
        lambda: certificate() + bytes(signing.LARGEST),
        lambda: encrypted(""),
        lambda: encrypted("secret"),
    ],
)
def test_what_is_no_readable_pdf_is_called_so(key: SigningKey, make: Callable[[], bytes]) -> None:
    assert check_pdf(make(), [key.certificate]) == Checked(status="unreadable")


def test_a_bomb_is_not_unpacked(key: SigningKey) -> None:
    packed = bomb()
    assert len(packed) < 500_000
    assert check_pdf(packed, [key.certificate]).status == "unsigned"


def test_a_file_of_the_largest_size_is_still_checked(key: SigningKey) -> None:
    signed = sign(certificate() + b"%" + b"x" * (signing.LARGEST - 100_000) + b"\n" + certificate_tail(), key)
    assert len(signed) <= signing.LARGEST
    assert check_pdf(signed, [key.certificate]).status == "ours"
    assert check_pdf(signed + bytes(signing.LARGEST - len(signed) + 1), [key.certificate]).status == "unreadable"


def certificate_tail() -> bytes:
    return certificate()[certificate().rindex(b"startxref") :]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_garbage_never_raises(data: bytes) -> None:
    trusted = [_some_key().certificate]
    for pdf in (data, b"%PDF-1.7\n" + data + b"\nstartxref\n9\n%%EOF"):
        assert check_pdf(pdf, trusted).status in {"unreadable", "unsigned", "foreign"}


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_mangled_signature_never_raises_and_is_never_ours(data: st.DataObject) -> None:
    signed = sign_once()
    start, end = gap(signed)
    place = data.draw(st.integers(0, len(signed)) | st.integers(start - 10, end + 100))
    length = data.draw(st.integers(0, 200))
    new = data.draw(st.binary(max_size=200) | st.binary(max_size=100).map(lambda value: value.hex().upper().encode()))
    if signed[place : place + length] == new:
        return
    changed = signed[:place] + new + signed[place + length :]
    assert check_pdf(changed, [_some_key().certificate]).status in {"altered", "unreadable"}


@functools.cache
def _some_key() -> SigningKey:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return SigningKey.load_or_create(Path(folder) / "key.pem", organisation=GUILD)


@functools.cache
def sign_once() -> bytes:
    return sign(certificate(), _some_key())
