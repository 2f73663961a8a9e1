"""A staged partition, before the gate decides about it."""

from dataclasses import dataclass
from datetime import date

from martgate.builders.ports import WrittenFile
from martgate.contracts.partition import Partition
from martgate.gate.basis import InputPin

__all__ = ["Candidate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A staged partition: files that no reader of the table can see and that never change.

    Attributes:
        id: the name that people and commands use.
        table: the qualified name of the table.
        part_date: the day that the candidate would replace.
        sequence: the order of the candidates of a day: a higher one supersedes a lower one, in whatever order they are
            promoted.
        root: the folder or the catalog table that the candidate was staged for.
        files: the files, by paths relative to `root`.
        fingerprint: a hash of the names and the bytes of all files.
        day_column: the partition column that holds `part_date`; empty for a table that is published whole.
        stamped: the columns that hold the time of the run, which differ between any two candidates of a day.
        model: the digest of the SQL that made it; empty if it is not known.
        inputs: the state of the tables that it was made from.
    """

    id: str
    table: str
    part_date: date
    sequence: int
    root: str
    files: tuple[WrittenFile, ...]
    fingerprint: str
    day_column: str = "part_date"
    stamped: tuple[str, ...] = ()
    model: str = ""
    inputs: tuple[InputPin, ...] = ()

    @property
    def partition(self) -> Partition:
        """The day of the table that the candidate would replace."""
        return Partition(self.table, self.part_date)

    @property
    def rows(self) -> int:
        """The number of rows in all files."""
        return sum(file.rows for file in self.files)
