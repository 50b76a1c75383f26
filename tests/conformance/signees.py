"""Keys of a charger's own, requests for certificates for them, and who signs what is shown to vehicles."""

import json
from itertools import pairwise
from typing import Any

from authorities import Made
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Signee:
    """A charger's new key, the request for a certificate for it, and what came of it."""

    def __init__(self, common_name: str, *, organisation: str = "Currant") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Charging"),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            ]
        )
        request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(self._key, hashes.SHA256())
        self.request = request.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key(self) -> bytes:
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def check(self, chain: str, *issuers: x509.Certificate) -> x509.Certificate:
        """The certificate is for this key, and signed by who comes after it."""
        sent = x509.load_pem_x509_certificates(chain.encode())
        path = [*sent, *issuers]
        assert sent[0].public_key() == self._key.public_key()
        for one, above in pairwise(path):
            if one != above:
                one.verify_directly_issued_by(above)
        assert sent[0].serial_number > 0
        return sent[0]


class VehicleSide:
    """An authority for what stations show to vehicles, outside of Currant."""

    def __init__(self) -> None:
        self.root = Made("V2G root")
        self.between = Made("V2G sub-authority", self.root, ca=True)

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        request = x509.load_pem_x509_csr(json.loads(body)["csr"].encode())
        [name] = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        leaf = Made(str(name.value), self.between, key=Lent(request.public_key()))
        return 200, json.dumps({"certificate_chain": leaf.pem + self.between.pem}).encode()


class Lent:
    """Somebody else's key, of which the public half alone is known."""

    def __init__(self, key: Any) -> None:
        self._key = key

    def public_key(self) -> Any:
        return self._key
