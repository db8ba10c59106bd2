"""Signatures of the Planetary Computer's SAS service, with the keys of the stand-in's storage accounts."""

import base64
import hashlib
import hmac
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode, urlparse

KEY = base64.b64encode(b"a key that everybody may know; it signs tokens for public pictures").decode()
VERSION = "2020-02-10"
Container = tuple[str, str]


def load_containers(collections: Path) -> dict[str, Container]:
    """Read which storage account and container each collection's blobs lie in."""
    rows = (json.loads(line) for line in collections.read_text().splitlines())
    return {r["id"]: (r["msft:storage_account"], r["msft:container"]) for r in rows}


def token(container: Container, seconds: int) -> tuple[str, str]:
    """Sign a token to read and list a container: (expiry, query string), begun a day ago, as the real service does."""
    account, name = container
    now = datetime.now(UTC).replace(microsecond=0)
    start, end = (t.strftime("%Y-%m-%dT%H:%M:%SZ") for t in (now - timedelta(days=1), now + timedelta(seconds=seconds)))
    text = "\n".join(["rl", start, end, f"/blob/{account}/{name}", "", "", "https", VERSION, "c", "", "", "", "", "", ""])
    digest = hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256).digest()
    query = {
        "st": start,
        "se": end,
        "sp": "rl",
        "spr": "https",
        "sv": VERSION,
        "sr": "c",
        "sig": base64.b64encode(digest).decode(),
    }
    return end, urlencode(query)


def container_of(href: str) -> Container:
    """Read account and container from the address of a blob."""
    url = urlparse(href)
    return (url.hostname or "").split(".")[0], url.path.lstrip("/").split("/")[0]


def azurite_accounts(containers: dict[str, Container]) -> str:
    """Give the value of AZURITE_ACCOUNTS."""
    return ";".join(f"{account}:{KEY}" for account in sorted({a for a, _ in containers.values()}))


if __name__ == "__main__":
    print(azurite_accounts(load_containers(Path(os.environ["STANDIN_DATA"]) / "collections.ndjson")))
