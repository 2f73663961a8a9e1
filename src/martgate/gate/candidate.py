"""What is staged, until it is judged."""

from dataclasses import dataclass
from datetime import date

from martgate.builders.ports import WrittenFile
from martgate.contracts.partition import Partition

__all__ = ["Candidate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A staged partition: files that exist, that nobody can see yet, and that will never change.

    `id` names it for people and commands. `sequence` orders the candidates of one day: a later one supersedes an
    earlier one, whatever order they are promoted in. `fingerprint` is a hash of names and bytes of all files.
    `day_column` is the partition column whose one value is `part_date`; empty where the table is published whole.
    `stamped` are the columns that tell the run's instant, in which two candidates of a day always differ.
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

    @property
    def partition(self) -> Partition:
        """The day of the table that the candidate would replace."""
        return Partition(self.table, self.part_date)

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)
