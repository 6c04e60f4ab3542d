"""The operator's own signature in CAP documents (XML Signature, enveloped)."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml.etree import _Element
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from hearthwatch.errors import AlertError


class CapSigner:
    """Signs with one key.

    Parameters
    ----------
    key : bytes
        RSA, PEM, without a password: the same document always gets the same signature.
    certificate : bytes
        PEM; goes along in each document.

    Raises
    ------
    AlertError
        The key cannot be used.
    """

    def __init__(self, key: bytes, certificate: bytes) -> None:
        try:
            loaded = load_pem_private_key(key, password=None)
        except (ValueError, TypeError):
            loaded = None
        if not isinstance(loaded, RSAPrivateKey):
            raise AlertError("the key that CAP is signed with must be RSA, PEM, without a password")
        self._key = loaded
        self._certificate = certificate.decode()

    def sign(self, alert: _Element) -> _Element:
        """Return a copy of a CAP document with its signature as the last element."""
        signer = XMLSigner(
            signature_algorithm=SignatureMethod.RSA_SHA256,
            digest_algorithm=DigestAlgorithm.SHA256,
            c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
        )
        signed: _Element = signer.sign(alert, key=self._key, cert=self._certificate)
        return signed
