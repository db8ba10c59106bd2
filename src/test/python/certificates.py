"""CAs and leaves as the operator makes them (EC P-256), and a Secret's volume as the kubelet keeps it."""

from __future__ import annotations

import datetime
import os
import shutil
import uuid
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Ca:
    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, "test CA"),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, uuid.uuid4().hex),
            ]
        )
        self.id = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
            + ("encipher_only", "decipher_only"),
            False,
        )
        ca_usage = x509.KeyUsage(digital_signature=False, key_cert_sign=True, crl_sign=True, **usage)
        certificate = (
            _certificate(self.name, self.name, self.key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(ca_usage, critical=True)
            .add_extension(self.id, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        self.pem = certificate.public_bytes(serialization.Encoding.PEM)

    def leaf(self, *names: x509.GeneralName) -> tuple[bytes, bytes, str]:
        """Certificate, key, and the certificate's serial number as Python's ssl spells it."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pod")])
        issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(self.id)
        leaf = (
            _certificate(name, self.name, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(issuer, critical=False)
        )
        if names:
            leaf = leaf.add_extension(x509.SubjectAlternativeName(names), critical=False)
        leaf = leaf.sign(self.key, hashes.SHA256())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        serial = f"{leaf.serial_number:X}"
        even = len(serial) + len(serial) % 2
        return leaf.public_bytes(serialization.Encoding.PEM), private, serial.zfill(even)


class Volume:
    """A mounted Secret. Files are links through ``..data``, which is swapped when the Secret changes."""

    def __init__(self, folder: Path, token: str):
        self.folder = folder
        self.token = token
        folder.mkdir(parents=True)

    def issue(self, ca: Ca, *trusted: Ca) -> str:
        """A new certificate of this CA, beside the CAs that are trusted; returns its serial number."""
        certificate, key, serial = ca.leaf()
        bundle = b"".join(one.pem for one in trusted or (ca,))
        self.put({"ca.crt": bundle, "tls.crt": certificate, "tls.key": key, "token": self.token.encode()})
        return serial

    def put(self, files: dict[str, bytes]) -> None:
        new, data = self.folder / f"..{uuid.uuid4().hex}", self.folder / "..data"
        old = data.resolve() if data.exists() else None
        new.mkdir()
        for name, content in files.items():
            (new / name).write_bytes(content)
            if not (self.folder / name).is_symlink():
                (self.folder / name).symlink_to(Path("..data") / name)
        link = self.folder / "..link"
        link.symlink_to(new.name)
        os.replace(link, data)
        if old:
            shutil.rmtree(old)


def write_tls(folder: Path, token: str) -> tuple[Volume, Ca]:
    """Fill a folder as the pods' Secret: ``ca.crt``, ``tls.crt``, ``tls.key``, ``token``."""
    volume, ca = Volume(folder, token), Ca()
    volume.issue(ca)
    return volume, ca


def _certificate(subject, issuer, public_key) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
