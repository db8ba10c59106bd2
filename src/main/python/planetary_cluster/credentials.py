"""What opens a cluster: a client certificate, its key, authorities to trust, the dashboard's token.

All of it stays in memory. OpenSSL loads a key from files only, so it is in one (0600, in a folder of mode
0700) for as long as that takes.
"""

from __future__ import annotations

import base64
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from distributed.security import Security

from .api import Api
from .errors import NotThere, PlanetaryError


@dataclass(frozen=True)
class Credentials:
    """PEM texts; empty where TLS is off."""

    ca: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    @classmethod
    async def of(cls, api: Api, cluster: dict) -> Credentials:
        """Those of the cluster's client Secret, and, where certificates are the user's own, of theirs."""
        name = cluster["metadata"]["name"]
        tls = cluster.get("spec", {}).get("tls", {})
        try:
            data = (await api.get(f"secrets/{name}-client", "v1")).get("data") or {}
            if tls.get("mode") == "Provided":
                data = data | ((await api.get(f"secrets/{tls['secretName']}", "v1")).get("data") or {})
        except NotThere as error:
            raise PlanetaryError(f"The certificate for clients is missing: {error}") from None
        if tls.get("mode") == "Off":
            data = {"token": data.get("token", "")}
        texts = {key: base64.b64decode(value).decode() for key, value in data.items()}
        return cls(*(texts.get(key, "") for key in ("ca.crt", "tls.crt", "tls.key", "token")))

    def security(self) -> ClusterSecurity | None:
        """For Dask; None where TLS is off."""
        if not self.key:
            return None
        return ClusterSecurity(
            require_encryption=True,
            tls_ca_file=self.ca,
            tls_client_cert=self.certificate,
            tls_client_key=self.key,
        )


class ClusterSecurity(Security):
    """One TLS context for all connections, so that renewed certificates can be loaded into it."""

    _context: ssl.SSLContext | None = None

    def _get_tls_context(self, tls, purpose):
        if purpose is not ssl.Purpose.SERVER_AUTH:
            return super()._get_tls_context(tls, purpose)
        if self._context is None:
            self._context = super()._get_tls_context(tls, purpose)
        return self._context

    def renew(self, credentials: Credentials) -> None:
        """From now on new connections show this certificate; authorities are trusted beside those before."""
        self.tls_ca_file, self.tls_client_cert = credentials.ca, credentials.certificate
        self.tls_client_key = credentials.key
        if self._context is None:
            return
        self._context.load_verify_locations(cadata=credentials.ca)
        with tempfile.TemporaryDirectory() as folder:
            certificate, key = Path(folder, "tls.crt"), Path(folder, "tls.key")
            certificate.write_text(credentials.certificate)
            key.touch(0o600)
            key.write_text(credentials.key)
            self._context.load_cert_chain(certificate, key)

    @property
    def context(self) -> ssl.SSLContext:
        return self.get_connection_args("client")["ssl_context"]
