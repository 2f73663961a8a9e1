"""What members do, day and night, on both sides of every cutoff: change status, report each other, set their pushes."""

import numpy as np
import pyarrow as pa

from martgate.contracts.model import Table

from . import dirt
from .arrays import Ints, Rows
from .draw import DAY, NEVER, between, first_of_each, hit, shuffled, stacked, taken, up_to
from .shape import Vocabulary, assemble, moments, vocabulary
from .world import World

__all__ = ["push_config", "report", "status_log"]

_DETOURS = {"INACTIVE": 0.04, "BLOCKED": 0.012}
_REPORTS = 0.03
_PUSH_CONFIGS = 1.2


def status_log(world: World, table: Table) -> pa.Table:
    """Changes of status: every LEAVE, some welcomes, and detours over other statuses.

    Entries are numbered as they come in, which for some is weeks after they happened.
    """
    rng = world.stream(table.qualified_name)
    statuses = vocabulary(table, "status")
    rows = _status_changes(rng, world, statuses)
    size = rows["at"].size
    delay = np.where(rng.random(size) < 0.02, rng.random(size) * 60 * DAY, rng.exponential(1e6, size))
    rows["arrived"] = rows["at"] + np.floor(delay).astype(np.int64)
    if not world.spec.clean:
        rows = stacked(rows, _repeated_statuses(rng, world, statuses, rows), _stray_statuses(rng, world, rows))
    rows["log_id"] = _numbered(rows["arrived"], 100_001)
    rows = shuffled(rng, rows)
    return assemble(
        table,
        {
            "log_id": rows["log_id"],
            "comm_user_id": world.comm_user_ids(rows["member"]),
            "status": statuses.spell(rows["status"]),
            "changed_at": rows["at"],
        },
    )


def _status_changes(rng: np.random.Generator, world: World, statuses: Vocabulary) -> dict[str, Ints]:
    size = world.created.size
    until = np.minimum(world.ended, world.horizon)
    left, welcomed = np.flatnonzero(world.ended < NEVER), np.flatnonzero(rng.random(size) < 0.1)
    parts = [_changes(left, statuses.code("LEAVE"), world.ended[left])]
    passing = [_changes(welcomed, statuses.code("NORMAL"), world.created[welcomed])]
    for word, share in _DETOURS.items():
        away = np.flatnonzero(rng.random(size) < share)
        gone = between(rng, world.created[away] + 1, world.horizon)
        back = rng.random(away.size) < 0.5
        passing.append(_changes(away, statuses.code(word), gone))
        passing.append(_changes(away[back], statuses.code("NORMAL"), between(rng, gone[back] + 1, world.horizon)))
    rows = stacked(*passing)
    # Nothing follows a LEAVE: whoever comes back comes back as a new membership.
    return stacked(*parts, taken(rows, rows["at"] < until[rows["member"]]))


def _changes(member: Ints, status: int, at: Ints) -> dict[str, Ints]:
    return {"member": member, "status": np.full(member.size, status), "at": at}


def _repeated_statuses(rng: np.random.Generator, world: World, statuses: Vocabulary, rows: Rows) -> dict[str, Ints]:
    """Another status at the same instant, with the next log_id or the one before; never over a LEAVE before a rejoin."""
    again = taken(rows, hit(rng, np.arange(rows["at"].size), dirt.REPEATED_STATUSES))
    final = (again["status"] == statuses.code("LEAVE")) & ~world.last[again["member"]]
    wins = ~final & (np.arange(final.size) % 2 == 0)
    step = rng.integers(1, max(2, len(statuses.words)), size=final.size)
    return again | {
        "status": (again["status"] + step) % len(statuses.words),
        "arrived": again["arrived"] + np.where(wins, 1, -1),
    }


def _stray_statuses(rng: np.random.Generator, world: World, rows: Rows) -> dict[str, Ints]:
    """Statuses of memberships that no profile knows."""
    stray = taken(rows, hit(rng, np.arange(rows["at"].size), dirt.UNKNOWN_SUBJECTS))
    return stray | {"member": world.created.size + np.arange(stray["at"].size)}


def report(world: World, table: Table) -> pa.Table:
    """Reports of members against members of their community, a few of them against the same ones; some taken back."""
    rng = world.stream(table.qualified_name)
    size = max(1, round(world.created.size * _REPORTS))
    target = rng.permutation(world.created.size)[np.floor(world.created.size * rng.random(size) ** 3).astype(np.int64)]
    created = between(rng, world.created[target], world.horizon)
    world.be_punctual(rng, created, world.created[target])
    canceled = np.where(rng.random(size) < 0.15, between(rng, created + 1, world.horizon + DAY), NEVER)
    world.be_punctual(rng, canceled, created)
    rows: Rows = {
        "target": target,
        "community": world.member_communities[target],
        "created": created,
        "canceled": canceled,
    }
    if not world.spec.clean:
        stray = taken(rows, hit(rng, np.arange(size), dirt.UNKNOWN_SUBJECTS))
        rows = stacked(rows, stray | {"target": world.created.size + np.arange(stray["target"].size)})
    rows = shuffled(rng, rows)
    return assemble(
        table,
        {
            "report_id": _numbered(rows["created"], 1),
            "comm_id": world.comm_id[rows["community"]],
            "target_comm_user_id": world.comm_user_ids(rows["target"]),
            "reporter_comm_user_id": world.comm_user_ids(world.neighbours(rng, rows["community"])),
            "created_at": rows["created"],
            "canceled_at": moments(rows["canceled"]),
        },
    )


def push_config(world: World, table: Table) -> pa.Table:
    """Settings of about a quarter of the pairs, most of them for several types and changed more than once."""
    rng = world.stream(table.qualified_name)
    types = vocabulary(table, "push_type")
    pairs = up_to(rng, np.arange(world.user.size), max(1, world.user.size // 4))
    size = max(1, round(world.created.size * _PUSH_CONFIGS))
    pair = pairs[np.floor(pairs.size * rng.random(size) ** 1.5).astype(np.int64)]
    at = between(rng, world.first[pair], world.horizon)
    old = np.flatnonzero(world.first[pair] < world.cutoffs[0] - DAY)
    punctual = up_to(rng, old, min(2 * world.edges.size, old.size // 4))
    at[punctual] = np.resize(world.edges, punctual.size)
    settings = {
        "user": world.user[pair],
        "community": world.community[pair],
        "type": types.draw(rng, size),
        "enabled": (rng.random(size) < 0.7).astype(np.int64),
        "at": at,
    }
    rows: Rows = taken(settings, first_of_each(pair * len(types.words) + settings["type"], at))
    if not world.spec.clean:
        again = taken(rows, hit(rng, np.arange(rows["at"].size), dirt.REPEATED_PUSH_CONFIGS))
        rows = stacked(rows, again | {"enabled": 1 - again["enabled"]}, _stray_configs(rng, world, rows))
    rows = shuffled(rng, rows)
    return assemble(
        table,
        {
            "wv_user_id": world.user_ids(rows["user"]),
            "comm_id": world.comm_id[rows["community"]],
            "push_type": types.spell(rows["type"]),
            "enabled": rows["enabled"] == 1,
            "updated_at": rows["at"],
        },
    )


def _stray_configs(rng: np.random.Generator, world: World, rows: Rows) -> dict[str, Ints]:
    """Settings of pairs that have no membership."""
    user, community = world.strangers(rng, hit(rng, rows["at"], dirt.UNKNOWN_SUBJECTS).size)
    return taken(rows, np.arange(user.size)) | {"user": user, "community": community}


def _numbered(arrivals: Ints, first: int) -> Ints:
    """Consecutive ids in order of arrival."""
    order = np.argsort(arrivals, kind="stable")
    number = np.empty_like(order)
    number[order] = first + np.arange(order.size)
    return number
