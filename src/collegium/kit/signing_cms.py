"""The CMS objects (RFC 5652) inside PDF signatures. Used by `kit.signing` only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, cast

from asn1crypto import cms as asn1
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import Certificate
from cryptography.x509.oid import NameOID
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko.sign.validation.generic_cms import extract_certs_for_validation, validate_sig_integrity

_HASHES = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
_LONGEST_NAME = 200


async def size(signer: Signer, digest: str) -> int:
    """Bytes that a signature by this key takes."""
    empty = b"\0" * hashlib.new(digest).digest_size
    # DER integers of a real signature may be a little shorter or longer than the dummy's.
    return len(_der(await signer.async_sign(empty, digest, dry_run=True, use_pades=True))) + 64


async def sign(signer: Signer, document_digest: bytes, digest: str) -> bytes:
    """A detached CMS signature with the attributes of PAdES B-B: the time stands in the PDF, not in here."""
    return _der(await signer.async_sign(document_digest, digest, use_pades=True))


def signer_of(value: bytes, signed: Sequence[memoryview], trusted: Sequence[Certificate]) -> Certificate | None:
    """Which of the ``trusted`` made this signature of these bytes; None when it was none of them, or not of these."""
    # The encoding of an untrusted CMS object can be broken in more ways than its parser has exceptions for.
    try:
        message = _load(value)
        if value[len(message.dump()) :].strip(b"\0"):
            return None
        info = _signer_info(message)
        hasher = _HASHES[info["digest_algorithm"]["algorithm"].native]()
        for part in signed:
            hasher.update(part)
        embedded = [choice.chosen.dump() for choice in message["content"]["certificates"]]
        for certificate in trusted:
            if _encoded(certificate) in embedded and _holds(info, certificate, hasher.digest()):
                return certificate
    except Exception:  # noqa: S110 - whatever cannot be read is not ours
        pass
    return None


def _signer_info(message: Any) -> Any:
    """The one signer's part of a detached signature, if the parts that no signature covers are as they must be.

    Raises:
        ValueError: they are not as RFC 5652 (5.1, 5.2, 5.3) wants them for such a signature.
    """
    content = message["content"]
    (info,) = content["signer_infos"]
    (algorithm,) = content["digest_algorithms"]
    parts = (
        message["content_type"].native == "signed_data",
        message["content_type"].dump() + content.dump() == message.contents,
        content["version"].native == info["version"].native == "v1",
        algorithm.native == info["digest_algorithm"].native,
        content["encap_content_info"].native == {"content_type": "data", "content": None},
        content["crls"].native is None,
        info["unsigned_attrs"].native is None,
    )
    if not all(parts):
        raise ValueError("not a detached signature by one signer")
    return info


def _holds(info: Any, certificate: Certificate, digest: bytes) -> bool:
    own = for_pyhanko(certificate)
    if info["sid"].chosen.dump() != _identifier(own):
        return False
    intact, valid = validate_sig_integrity(info, own, expected_content_type="data", actual_digest=digest)
    return intact and valid


def bears(lowered: bytes, certificate: Certificate) -> bool:
    """Whether a file, in lower case, holds a signature by this certificate, however broken that is.

    A signature names its signer three times: in the certificate, in the public key inside it, and in the signer's
    identifier (RFC 5652, 5.3). Damage to one leaves another.
    """
    own = for_pyhanko(certificate)
    public_key = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    marks = (_encoded(certificate), public_key, _identifier(own))
    return any(mark.hex().encode() in lowered for mark in marks)


def claimed_signer(value: bytes) -> str | None:
    """The name in the certificate of whoever says to have signed this; nothing is verified."""
    try:
        message = _load(value)
        signer: Any = extract_certs_for_validation(message["content"]).signer_cert
        return name_of(x509.load_der_x509_certificate(signer.dump()))
    except Exception:
        return None


def name_of(certificate: Certificate) -> str:
    """The common name, else the organisation, else the whole subject."""
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        for attribute in certificate.subject.get_attributes_for_oid(kind):
            return str(attribute.value)[:_LONGEST_NAME]
    return certificate.subject.rfc4514_string()[:_LONGEST_NAME]


def for_pyhanko(certificate: Certificate) -> Any:
    """The same certificate in the form that pyHanko wants; its parser has no types."""
    return cast(Any, asn1_x509.Certificate.load(_encoded(certificate)))


def _load(value: bytes) -> Any:
    return cast(Any, asn1.ContentInfo.load(value))


def _identifier(certificate: Any) -> bytes:
    identifier = asn1.IssuerAndSerialNumber({"issuer": certificate.issuer, "serial_number": certificate.serial_number})
    return _der(identifier)


def _encoded(certificate: Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _der(message: Any) -> bytes:
    return message.dump()
