"""Whether this Python and this Dask fit those of a cluster. Pure, but for the look at what runs here."""

from __future__ import annotations

import sys

import dask
import distributed

from .errors import PlanetaryError


def here() -> dict[str, str]:
    """What has to be the same on both sides."""
    return {
        "Python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "dask": dask.__version__,
        "distributed": distributed.__version__,
    }


def of_scheduler(answer: dict) -> dict[str, str]:
    """The same of a scheduler's answer to ``versions``."""
    packages = answer.get("packages", {})
    found = {name: packages.get(name) or "unknown" for name in ("dask", "distributed")}
    return {"Python": ".".join(str(packages.get("python", "unknown")).split(".")[:2]), **found}


def check(cluster: str, mine: dict[str, str], theirs: dict[str, str], image: str) -> None:
    """Raises, with the image to use, where they differ: functions are sent as bytecode."""
    different = [name for name in mine if mine[name] != theirs[name]]
    if not different:
        return
    ours, others = (", ".join(f"{name} {side[name]}" for name in different) for side in (mine, theirs))
    raise PlanetaryError(
        f"This notebook has {ours}; cluster {cluster} has {others}, and functions sent from one to the "
        f"other would fail. "
        f"Start the notebook from the cluster's image{f' {image}' if image else ''}, make the cluster with "
        f"image=… of this notebook's versions, or make an environment: conda create -n planetary "
        f"python={theirs['Python']} dask={theirs['dask']} distributed={theirs['distributed']}."
    )


def environment(cluster: str, answer: dict) -> str:
    """A conda environment with the Python and the packages that the scheduler has told of."""
    packages = {name: version for name, version in answer.get("packages", {}).items() if version}
    python = ".".join(str(packages.pop("python")).split(".")[:2])
    lines = [
        f"# Python and packages of cluster {cluster}, for a notebook's kernel elsewhere:",
        "#   conda env create -f THIS_FILE",
        "#   conda run -n planetary python -m ipykernel install --user --name planetary",
        "# planetary_cluster itself comes from its repository: docs/client.md.",
        "name: planetary",
        "channels: [conda-forge, nodefaults]",
        "dependencies:",
        f"  - python={python}",
        "  - ipykernel",
        "  - pip",
        "  - pip:",
        *(f"      - {name}=={version}" for name, version in sorted(packages.items())),
    ]
    return "\n".join(lines) + "\n"
