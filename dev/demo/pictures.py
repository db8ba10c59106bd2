"""Pictures of what the demo computed."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np


def stretch(rgb: np.ndarray) -> np.ndarray:
    """(3, y, x) numbers to (y, x, 3) of 0 … 1, from the 2nd to the 98th percentile of each band; 0 stays black."""
    low, high = (np.array([np.percentile(b[b > 0], q) for b in rgb])[:, None, None] for q in (2, 98))
    return np.moveaxis(np.where(rgb > 0, np.clip((rgb - low) / (high - low), 0, 1), 0), 0, -1)


def save(figure: plt.Figure, path: Path) -> None:
    """Write a PNG; the axes count pixels, which nobody wants to know."""
    for axis in figure.axes:
        if axis.images:
            axis.set_axis_off()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def scene(path: Path, title: str, rgb: np.ndarray, ndvi: np.ndarray) -> None:
    """True colour (3, y, x) beside NDVI (y, x)."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
    left.imshow(stretch(rgb))
    left.set_title("true colour")
    figure.colorbar(right.imshow(ndvi, vmin=-0.2, vmax=1, cmap="RdYlGn"), shrink=0.8)
    right.set_title(f"NDVI, mean {np.nanmean(ndvi):.3f}")
    figure.suptitle(title)
    save(figure, path)


def dates(path: Path, days: list[str], ndvi: np.ndarray) -> None:
    """NDVI (day, y, x), one picture a day."""
    size = (3.2 * len(days), 3.2)
    figure, axes = plt.subplots(1, len(days), figsize=size, layout="constrained", squeeze=False)
    for axis, day, values in zip(axes[0], days, ndvi, strict=True):
        shown = axis.imshow(values, vmin=-0.6, vmax=0.6, cmap="RdYlGn")
        axis.set_title(f"{day}: NDVI {np.nanmean(values):.3f}")
    figure.colorbar(shown, ax=axes, shrink=0.7)
    save(figure, path)


def mosaic(path: Path, title: str, rgb: np.ndarray) -> None:
    """True colour (3, y, x)."""
    figure, axis = plt.subplots(figsize=(9, 7.5), layout="constrained")
    axis.imshow(stretch(rgb))
    axis.set_title(title)
    save(figure, path)
