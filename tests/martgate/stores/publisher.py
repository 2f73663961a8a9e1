"""A process that stages and publishes when told to, for the test of two at once.

Each line of input is `WAREHOUSE DAY SEQUENCE ID COMMUNITY ROWS`; it stages, says `staged`, waits for a line, and publishes.
"""

import sys
from datetime import date
from pathlib import Path


def main() -> None:
    import conftest  # the folder of this script, not pytest's

    with conftest.DuckDBEngine(threads=1) as engine:
        progress("ready")
        for line in sys.stdin:
            warehouse, day, sequence, name, community, rows = line.split()
            shop = conftest.Shop(Path(warehouse), engine)
            sql = shop.rows(*[(i, int(community)) for i in range(int(rows))], day=day)
            approved = shop.approve(stage(shop, day, name, sequence=int(sequence), sql=sql))
            progress("staged")
            sys.stdin.readline()
            progress(shop.store.promote(approved, {}).promotion.value)


def stage(shop, day: str, name: str, *, sequence: int, sql: str):
    return shop.store.stage(
        shop.table,
        date.fromisoformat(day),
        candidate_id=name,
        sequence=sequence,
        write=lambda target: shop.engine.write(sql, target),
    )


def progress(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
