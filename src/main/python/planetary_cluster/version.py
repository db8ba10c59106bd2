"""The version of this package, where pip can read it without Dask."""

VERSION = "0.1.0"
