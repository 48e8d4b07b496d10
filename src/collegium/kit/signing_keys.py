"""The keys that the site signs documents with: made once, kept in a file, never forgotten.

In the keys' folder ``key.pem`` is the key in use and ``certificates/`` holds the certificate of every key that ever
was, by fingerprint. To change the key, move ``key.pem`` away (or name another PKCS#12 file): a new one is made, and
what the old one signed stays genuine. To disown a stolen key, delete its certificate.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import Certificate
from cryptography.x509.oid import NameOID
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from collegium.kit.signing_cms import for_pyhanko

# RSA with PKCS#1 v1.5 is what every reader of PDF verifies; 3072 bits hold beyond 2030 (NIST SP 800-57, table 4).
_BITS = 3072
_EXPONENT = 65537
_VALID_FOR = timedelta(days=365 * 30)
# Bytes; the upper bound of common and organisation names (RFC 5280, appendix A.1) as strict readers count it.
_LONGEST_NAME = 64

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_HASHES = {"sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}


class KeyProblem(Exception):
    """A key file cannot be used; the message says which and why, and never holds what is in it."""


class _Signer(Signer):
    """Signs with a key that is loaded already. The library's own loads and checks it for each signature: 200 ms."""

    def __init__(self, key: PrivateKey, own: Certificate, others: list[Certificate]) -> None:
        registry = SimpleCertificateStore()
        registry.register_multiple([for_pyhanko(other) for other in others])
        super().__init__(signing_cert=for_pyhanko(own), cert_registry=registry)
        self._key = key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        algorithm = _HASHES[digest_algorithm]()
        if isinstance(self._key, rsa.RSAPrivateKey):
            if dry_run:
                return bytes((self._key.key_size + 7) // 8)
            return self._key.sign(data, padding.PKCS1v15(), algorithm)
        return self._key.sign(data, ec.ECDSA(algorithm))


class SigningKey(msgspec.Struct, frozen=True):
    """A private key with its certificate. Load it once and share it: it holds no state."""

    certificate: Certificate
    signer: Signer
    """For `kit.signing`."""

    @property
    def key_id(self) -> str:
        """SHA-256 of the certificate, in hexadecimal."""
        return key_id(self.certificate)

    def sign(self, data: bytes) -> bytes:
        """A bare signature of some bytes, as `is_signed` checks it. Blocks: in a coroutine call it in a thread."""
        return asyncio.run(self.signer.async_sign_raw(data, "sha256"))

    @classmethod
    def load_or_create(cls, path: Path, *, organisation: str) -> SigningKey:
        """The key in the PEM file ``path``; made there, readable by its owner only, when there is none.

        Processes that start together end with the same key.

        Raises:
            KeyProblem: the file holds no RSA or elliptic-curve key with its certificate.
        """
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_once(path, _make(organisation), mode=0o600)
        return cls.from_pem(path)

    @classmethod
    def from_pem(cls, path: Path) -> SigningKey:
        """Key (PKCS#8, no passphrase) and certificates from a PEM file, the key's own certificate first.

        Raises:
            KeyProblem: as above.
        """
        try:
            data = path.read_bytes()
            key = serialization.load_pem_private_key(data, None)
            own, *others = x509.load_pem_x509_certificates(data)
        except (OSError, ValueError, TypeError) as error:
            raise KeyProblem(f"{path} holds no signing key with a certificate ({type(error).__name__}).") from error
        return cls._of(path, key, own, others)

    @classmethod
    def from_pkcs12(cls, path: Path, passphrase: str | None = None) -> SigningKey:
        """Key and certificates from a PKCS#12 file (RFC 7292), as certification authorities hand them out.

        Raises:
            KeyProblem: as above, or the passphrase is wrong.
        """
        try:
            secret = passphrase.encode() if passphrase else None
            key, own, others = pkcs12.load_key_and_certificates(path.read_bytes(), secret)
        except (OSError, ValueError, TypeError) as error:
            raise KeyProblem(f"{path} cannot be opened; perhaps the passphrase is wrong.") from error
        return cls._of(path, key, own, others)

    @classmethod
    def _of(cls, path: Path, key: object, own: Certificate | None, others: list[Certificate]) -> SigningKey:
        if own is None or not isinstance(key, PrivateKey):
            raise KeyProblem(f"{path} needs an RSA or elliptic-curve key and its certificate.")
        if key.public_key() != own.public_key():
            raise KeyProblem(f"The first certificate in {path} is not that of its key.")
        return cls(certificate=own, signer=_Signer(key, own, others))


def key_id(certificate: Certificate) -> str:
    """SHA-256 of a certificate, in hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def is_signed(data: bytes, signature: bytes, certificate: Certificate) -> bool:
    """Whether the key of a certificate signed these bytes, by `SigningKey.sign`."""
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        else:
            return False
    except InvalidSignature:
        return False
    return True


class SigningKeys(msgspec.Struct, frozen=True):
    """What signing and checking need."""

    current: SigningKey
    trusted: tuple[Certificate, ...]
    """The certificates of the current key and of all before it."""


def open_keys(
    folder: Path, *, organisation: str, pkcs12_file: Path | None = None, passphrase: str | None = None
) -> SigningKeys:
    """The site's keys in ``folder``, with ``pkcs12_file`` as the current one if given, else a key of the site's own.

    Raises:
        KeyProblem: a key or certificate file cannot be used.
    """
    if pkcs12_file is not None:
        current = SigningKey.from_pkcs12(pkcs12_file, passphrase)
    else:
        current = SigningKey.load_or_create(folder / "key.pem", organisation=organisation)
    certificates = folder / "certificates"
    certificates.mkdir(parents=True, exist_ok=True)
    remembered = certificates / f"{current.key_id}.pem"
    if not remembered.exists():
        _write_once(remembered, current.certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)
    trusted = {current.certificate: None}
    for path in sorted(certificates.glob("*.pem")):
        try:
            trusted[x509.load_pem_x509_certificate(path.read_bytes())] = None
        except (OSError, ValueError) as error:
            raise KeyProblem(f"{path} is no certificate; restore or remove it.") from error
    return SigningKeys(current=current, trusted=tuple(trusted))


def _make(organisation: str) -> bytes:
    """A new key and a certificate that it signed itself, as PEM."""
    key = rsa.generate_private_key(public_exponent=_EXPONENT, key_size=_BITS)
    name = " ".join(organisation.split()).encode()[:_LONGEST_NAME].decode(errors="ignore") or "Collegium"
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    now = datetime.now(UTC).replace(microsecond=0)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # An hour back: a reader whose clock is a little slow must not call the first signatures premature.
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _VALID_FOR)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _write_once(path: Path, data: bytes, *, mode: int) -> None:
    """The whole file or none, and the first writer wins."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink()
