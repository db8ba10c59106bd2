"""Uploads the blobs into Azurite as soon as it answers, then leaves the file /run/standin/seeded."""

import os
import socket
import time
from contextlib import suppress
from pathlib import Path

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient, ContentSettings

import sas

HOST, PORT = "127.0.0.1", 10000


def wait(seconds: float = 60) -> None:
    """Wait until Azurite listens."""
    end = time.monotonic() + seconds
    while True:
        try:
            return socket.create_connection((HOST, PORT), 1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def main() -> None:
    """Upload blob/<account>/<container>/<name>; loopback addresses carry the account in the path."""
    root = Path(os.environ["STANDIN_DATA"]) / "blob"
    wait()
    began, count = time.monotonic(), 0
    for folder in sorted(root.glob("*/*")):
        account = folder.parent.name
        service = BlobServiceClient(
            f"https://{HOST}:{PORT}/{account}",
            credential={"account_name": account, "account_key": sas.KEY},
            connection_verify="/etc/standin/tls/ca.crt",
        )
        container = service.get_container_client(folder.name)
        with suppress(ResourceExistsError):
            container.create_container()
        for path in (p for p in sorted(folder.rglob("*")) if p.is_file()):
            with path.open("rb") as file:
                kind = "image/tiff" if path.suffix.lower() == ".tif" else "application/octet-stream"
                container.upload_blob(
                    str(path.relative_to(folder)), file, overwrite=True, content_settings=ContentSettings(kind)
                )
            count += 1
    Path("/run/standin/seeded").touch()
    print(f"{count} blobs uploaded in {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main()
