"""The images' Dask configuration says what Dask knows: a name that it does not know would say nothing."""

from pathlib import Path

import dask
import distributed
import pytest
import yaml

ROOT = Path(__file__).parents[3]
FILES = ("images/client/dask.yaml", "images/client-jupyter/dask.yaml")


def leaves(config: dict, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    return [
        leaf
        for key, value in config.items()
        for leaf in (leaves(value, (*path, key)) if isinstance(value, dict) else [(*path, key)])
    ]


@pytest.mark.parametrize("file", FILES)
def test_names_are_known_to_dask(file):
    known = yaml.safe_load((Path(distributed.__file__).parent / "distributed.yaml").read_text())
    for leaf in leaves(yaml.safe_load((ROOT / file).read_text())):
        if leaf[0] != "logging":  # names of loggers
            assert dask.config.get(".".join(leaf), config=known, default="unknown") != "unknown", leaf
