"""The site's signature on a PDF: made, found again, and missed when a single byte differs."""

from __future__ import annotations

import functools
import io
import re
import stat
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader, PdfWriter

from collegium.features.certificates.document import CertificateData, render
from collegium.kit import signing
from collegium.kit.signing import Checked, KeyProblem, SigningKey, check_pdf, open_keys, sign_pdf
from collegium.kit.signing_cms import for_pyhanko

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


def sign(pdf: bytes, key: SigningKey) -> bytes:
    return sign_pdf(pdf, key, reason=f"Certificate {NUMBER}", location="learn.example.org", when=WHEN)


def gap(pdf: bytes) -> tuple[int, int]:
    """Where the last signature's hexadecimal digits begin and end."""
    start = pdf.rindex(b"/Contents <") + len("/Contents <")
    return start, pdf.index(b">", start)


# ------------------------------------------------------------------------------------------------ keys


def test_a_key_is_made_once_and_kept_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "key.pem"
    made = SigningKey.load_or_create(path, organisation=GUILD)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["key.pem"]
    assert SigningKey.load_or_create(path, organisation="Somebody else").certificate == made.certificate


def test_its_certificate_is_fit_for_signing_documents(key: SigningKey) -> None:
    certificate = key.certificate
    assert {attribute.oid: attribute.value for attribute in certificate.subject} == {
        NameOID.ORGANIZATION_NAME: GUILD,
        NameOID.COMMON_NAME: GUILD,
    }
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment
    assert not usage.value.key_cert_sign
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc > timedelta(days=365 * 20)
    certificate.verify_directly_issued_by(certificate)


@pytest.mark.parametrize("organisation", ["", "  ", "Ä" * 200, "a\nb\tc"])
def test_any_organisation_can_have_a_key(tmp_path: Path, organisation: str) -> None:
    made = SigningKey.load_or_create(tmp_path / "key.pem", organisation=organisation)
    assert check_pdf(sign(certificate(), made), [made.certificate]).status == "ours"


def test_processes_that_start_together_end_with_one_key(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    with ThreadPoolExecutor(4) as pool:
        keys = list(pool.map(lambda _: SigningKey.load_or_create(path, organisation=GUILD), range(4)))
    assert len({key.certificate for key in keys}) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["key.pem"]


@pytest.mark.parametrize(
    "content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
)
def test_a_spoilt_key_file_is_reported_and_not_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    with pytest.raises(KeyProblem, match=re.escape(str(path))):
        SigningKey.load_or_create(path, organisation=GUILD)
    with pytest.raises(KeyProblem, match=re.escape(str(path))):
        SigningKey.from_pkcs12(path)
    assert path.read_bytes() == content


def test_a_key_without_its_own_certificate_is_refused(tmp_path: Path, key: SigningKey, other_key: SigningKey) -> None:
    private = other_key.signer._key.private_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "key.pem"
    path.write_bytes(private + key.certificate.public_bytes(serialization.Encoding.PEM))
    with pytest.raises(KeyProblem):
        SigningKey.load_or_create(path, organisation=GUILD)


@pytest.fixture
def authority_pkcs12(tmp_path: Path) -> Path:
    """An elliptic-curve key whose certificate an authority issued, with the authority's beside it, long expired."""

    def name(common: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])

    def issue(subject: str, public: Any, issuer: str, signer: Any) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name(issuer))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2021, 1, 1, tzinfo=UTC))
            .sign(signer, hashes.SHA256())
        )

    root_key, own_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = issue("Some Authority", root_key.public_key(), "Some Authority", root_key)
    own = issue("The Guild, by authority", own_key.public_key(), "Some Authority", root_key)
    path = tmp_path / "given.p12"
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"guild", own_key, own, [root], serialization.BestAvailableEncryption(b"correct horse")
        )
    )
    return path


def test_a_given_pkcs12_signs_and_stays_trusted_after_its_end(tmp_path: Path, authority_pkcs12: Path) -> None:
    keys = open_keys(tmp_path / "keys", organisation=GUILD, pkcs12_file=authority_pkcs12, passphrase="correct horse")
    checked = check_pdf(sign(certificate(), keys.current), keys.trusted)
    assert (checked.status, checked.signer, checked.number) == ("ours", "The Guild, by authority", NUMBER)
    assert not (tmp_path / "keys" / "key.pem").exists()


@pytest.mark.parametrize("passphrase", [None, "", "battery staple"])
def test_a_wrong_passphrase_is_reported(authority_pkcs12: Path, passphrase: str | None) -> None:
    with pytest.raises(KeyProblem, match="passphrase"):
        SigningKey.from_pkcs12(authority_pkcs12, passphrase)


def test_what_a_retired_key_signed_stays_genuine_until_it_is_disowned(tmp_path: Path) -> None:
    before = open_keys(tmp_path, organisation=GUILD)
    old = sign(certificate(), before.current)
    (tmp_path / "key.pem").unlink()
    after = open_keys(tmp_path, organisation=GUILD)
    assert after.current.certificate != before.current.certificate
    assert set(after.trusted) == {before.current.certificate, after.current.certificate}
    assert check_pdf(old, after.trusted).status == "ours"
    assert check_pdf(sign(certificate(), after.current), after.trusted).status == "ours"
    stolen = before.current.certificate.fingerprint(hashes.SHA256()).hex()
    (tmp_path / "certificates" / f"{stolen}.pem").unlink()
    assert check_pdf(old, open_keys(tmp_path, organisation=GUILD).trusted).status == "foreign"


def test_a_spoilt_certificate_is_reported(tmp_path: Path) -> None:
    open_keys(tmp_path, organisation=GUILD)
    (tmp_path / "certificates" / "old.pem").write_text("nonsense")
    with pytest.raises(KeyProblem, match=r"old\.pem"):
        open_keys(tmp_path, organisation=GUILD)


# --------------------------------------------------------------------------------------------- signing


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
