"""A connection bundle: one file that opens one cluster, for a machine without a kubeconfig.

It holds a client certificate with its key: whoever has the file runs code in the cluster. With a token it
also starts and scales that cluster, until the token ends.
"""

from __future__ import annotations

import base64
import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .credentials import Credentials
from .errors import PlanetaryError

VERSION = 1


@dataclass(frozen=True)
class Bundle:
    name: str
    namespace: str
    address: str
    """``tls://host:port`` of the scheduler, as the machine sees it that opens the bundle."""
    ca: str = field(repr=False)
    certificate: str = field(repr=False)
    key: str = field(repr=False)
    image: str = ""
    """The image of the scheduler, which has the right Python and Dask."""
    server: str = ""
    authority: str = ""
    token: str = field(default="", repr=False)
    """The Kubernetes API, and a token that may scale this cluster; empty: it may not."""

    @property
    def credentials(self) -> Credentials:
        return Credentials(self.ca, self.certificate, self.key)

    def kubeconfig(self) -> dict:
        """By which the token is used."""
        cluster: dict = {"server": self.server}
        if self.authority:
            cluster["certificate-authority-data"] = base64.b64encode(self.authority.encode()).decode()
        context = {"cluster": "bundle", "user": "bundle", "namespace": self.namespace}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "bundle",
            "clusters": [{"name": "bundle", "cluster": cluster}],
            "users": [{"name": "bundle", "user": {"token": self.token}}],
            "contexts": [{"name": "bundle", "context": context}],
        }

    def write(self, path: str | os.PathLike) -> None:
        """Mode 0600 from the first byte on; an older file is replaced in one step."""
        path = Path(path)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with open(descriptor, "w") as file:
                json.dump({"version": VERSION, **asdict(self)}, file, indent=1)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    @classmethod
    def read(cls, path: str | os.PathLike) -> Bundle:
        try:
            found = json.loads(Path(path).read_text())
            version = found.pop("version")
            # Later versions may add fields, not change them.
            bundle = cls(**{name: found[name] for name in cls.__dataclass_fields__ if name in found})
        except FileNotFoundError:
            raise PlanetaryError(
                f"There is no connection bundle {path}; cluster.bundle(path) writes one."
            ) from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise PlanetaryError(
                f"{path} is no connection bundle, as cluster.bundle(path) writes it: {error}."
            ) from None
        if not isinstance(version, int) or version > VERSION:
            raise PlanetaryError(
                f"{path} is a connection bundle of a later planetary_cluster: update the package."
            )
        return bundle
