"""The operator's own signature in CAP documents (XML Signature, enveloped)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificates
from lxml.etree import _Element
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from hearthwatch.errors import AlertError, SettingsError
from hearthwatch.settings import Settings


class CapSigner:
    """Signs with one key.

    Parameters
    ----------
    key : bytes
        RSA, PEM, without a password: the same document always gets the same signature.
    certificate : bytes
        PEM, with those of the authorities after it if there are any; goes along in each document.

    Raises
    ------
    AlertError
        The key cannot be used, or the certificate is not that of the key.
    """

    def __init__(self, key: bytes, certificate: bytes) -> None:
        try:
            loaded = load_pem_private_key(key, password=None)
        except (ValueError, TypeError):
            loaded = None
        if not isinstance(loaded, RSAPrivateKey):
            raise AlertError("the key that CAP is signed with must be RSA, PEM, without a password")
        try:
            own = load_pem_x509_certificates(certificate)[0]
        except ValueError:
            raise AlertError("the certificate that CAP is signed with must be PEM") from None
        if own.public_key() != loaded.public_key():
            raise AlertError("the certificate that CAP is signed with is of another key")
        self._key = loaded
        self._certificate = certificate.decode("ascii", "replace")
        self._valid = own.not_valid_before_utc, own.not_valid_after_utc

    @property
    def valid(self) -> tuple[datetime, datetime]:
        """From when until when the certificate is valid."""
        return self._valid

    def sign(self, alert: _Element) -> _Element:
        """Return a copy of a CAP document with its signature as the last element."""
        signer = XMLSigner(
            signature_algorithm=SignatureMethod.RSA_SHA256,
            digest_algorithm=DigestAlgorithm.SHA256,
            c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
        )
        signed: _Element = signer.sign(alert, key=self._key, cert=self._certificate)
        return signed


def signer_from(settings: Settings) -> CapSigner | None:
    """Return what signs CAP documents; None where the settings name no key.

    Raises
    ------
    SettingsError
        Something of it cannot be used. Nothing goes out unsigned that should be signed.
    """
    key, certificate = settings.cap_key, settings.cap_certificate
    if key is None and certificate is None:
        return None
    if key is None or certificate is None:
        raise SettingsError("Set both cap_key and cap_certificate, or neither.")
    if _is_open(key):
        raise SettingsError(f"Others can read {key}. Run: chmod 600 {key}")
    try:
        return CapSigner(_read(key), _read(certificate))
    except AlertError as error:
        raise SettingsError(f"CAP cannot be signed: {error.message}.") from None


def _is_open(path: Path) -> bool:
    return path.is_file() and bool(path.stat().st_mode & 0o077)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from None
