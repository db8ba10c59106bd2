"""Two weeks of air quality in Parquet files, with the columns of the Planetary Computer's `eclipse`; numbers of a formula."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import stac

WEEKS = ("2022-01-02", "2022-01-09")
FILES, DEVICES, HOURS = 2, 12, 7 * 24


def readings(start: str) -> dict[str, np.ndarray]:
    """Columns of a week: every device each hour; one reading in ten has no calibrated value."""
    random = np.random.default_rng(int(start.replace("-", "")))
    device = np.repeat(np.arange(DEVICES), HOURS)
    hour = np.tile(np.arange(HOURS), DEVICES)
    raw = np.round(8 + 0.6 * device + 3 * np.sin(hour / 24 * 2 * np.pi) + random.normal(0, 2, len(hour)), 2)
    return {
        "City": np.full(len(hour), "Chicago"),
        "DeviceId": 2000 + device,
        "LocationName": np.array([f"Station {d:02d}" for d in range(DEVICES)])[device],
        "Latitude": 41.7 + 0.02 * device,
        "Longitude": -87.8 + 0.02 * device,
        "ReadingDateTimeUTC": np.datetime64(start, "ms") + hour * np.timedelta64(3600, "s"),
        "PM25": raw,
        "CalibratedPM25": np.where(random.random(len(hour)) < 0.1, np.nan, np.round(0.8 * raw + 1, 3)),
        "Temperature": np.round(-3 + 4 * np.sin(hour / 24 * 2 * np.pi), 1),
    }


def write(out: Path) -> list[dict]:
    """Write blob/ai4edataeuwest/eclipse/Chicago/<week>/data_<n>.parquet and source/Chicago-<week>.npz; returns the items."""
    items = []
    for start in WEEKS:
        columns = readings(start)
        folder = out / "blob/ai4edataeuwest/eclipse/Chicago" / start
        folder.mkdir(parents=True)
        table = pa.table({n: pa.array(c, from_pandas=True) for n, c in columns.items()})
        rows = len(table) // FILES
        for n in range(FILES):
            pq.write_table(table.slice(n * rows, rows), folder / f"data_{n}.parquet")
        items.append(stac.week(start, str(date.fromisoformat(start) + timedelta(6)), [-87.8, 41.7, -87.58, 41.92]))
        np.savez_compressed(out / "source" / f"{items[-1]['id']}.npz", **columns)
    return items
