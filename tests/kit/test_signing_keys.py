"""The keys that sign documents: made once, kept safe, given, changed and disowned."""

from __future__ import annotations

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from collegium.kit.signing import KeyProblem, SigningKey, check_pdf, open_keys
from tests.support.signed import GUILD, NUMBER, certificate, sign


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return SigningKey.load_or_create(tmp_path_factory.mktemp("ours") / "key.pem", organisation=GUILD)


@pytest.fixture(scope="module")
def other_key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    """Somebody who gives himself the same name."""
    return SigningKey.load_or_create(tmp_path_factory.mktemp("theirs") / "key.pem", organisation=GUILD)


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
