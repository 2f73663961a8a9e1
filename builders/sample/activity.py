"""Draws activity of members before and after each cutoff: changes of status, reports, push settings."""

import numpy as np
import pyarrow as pa

from martgate.contracts.model import Table

from . import dirt
from .arrays import Ints, Rows
from .draw import DAY, NEVER, concat_rows, draw_between, is_first, pick_share, pick_up_to, shuffle_rows, take_rows
from .shape import Vocabulary, assemble, nullable_instants, vocabulary
from .world import World

__all__ = ["push_config", "report", "status_log"]

_TEMPORARY = {"INACTIVE": 0.04, "BLOCKED": 0.012}
_REPORTS = 0.03
_PUSH_CONFIGS = 1.2


def status_log(world: World, table: Table) -> pa.Table:
    """Draw changes of status: every LEAVE, some NORMAL, and some temporary statuses.

    Entries are numbered in order of arrival, which may be weeks after the event.
    """
    rng = world.stream(table.qualified_name)
    statuses = vocabulary(table, "status")
    rows = _status_changes(rng, world, statuses)
    size = rows["at"].size
    delay = np.where(rng.random(size) < 0.02, rng.random(size) * 60 * DAY, rng.exponential(1e6, size))
    rows["arrived"] = rows["at"] + np.floor(delay).astype(np.int64)
    if not world.spec.clean:
        rows = concat_rows(rows, _repeated_statuses(rng, world, statuses, rows), _stray_statuses(rng, world, rows))
    rows["log_id"] = _number(rows["arrived"], 100_001)
    rows = shuffle_rows(rng, rows)
    return assemble(
        table,
        {
            "log_id": rows["log_id"],
            "comm_user_id": world.comm_user_ids(rows["member"]),
            "status": statuses.decode(rows["status"]),
            "changed_at": rows["at"],
        },
    )


def _status_changes(rng: np.random.Generator, world: World, statuses: Vocabulary) -> dict[str, Ints]:
    size = world.created.size
    until = np.minimum(world.ended, world.horizon)
    left, welcomed = np.flatnonzero(world.ended < NEVER), np.flatnonzero(rng.random(size) < 0.1)
    parts = [_changes(left, statuses.code("LEAVE"), world.ended[left])]
    passing = [_changes(welcomed, statuses.code("NORMAL"), world.created[welcomed])]
    for word, share in _TEMPORARY.items():
        away = np.flatnonzero(rng.random(size) < share)
        gone = draw_between(rng, world.created[away] + 1, world.horizon)
        back = rng.random(away.size) < 0.5
        passing.append(_changes(away, statuses.code(word), gone))
        passing.append(_changes(away[back], statuses.code("NORMAL"), draw_between(rng, gone[back] + 1, world.horizon)))
    rows = concat_rows(*passing)
    # Nothing follows a LEAVE: a user who returns gets a new membership.
    return concat_rows(*parts, take_rows(rows, rows["at"] < until[rows["member"]]))


def _changes(member: Ints, status: int, at: Ints) -> dict[str, Ints]:
    return {"member": member, "status": np.full(member.size, status), "at": at}


def _repeated_statuses(rng: np.random.Generator, world: World, statuses: Vocabulary, rows: Rows) -> dict[str, Ints]:
    """Draw other statuses at the same instant, with the next or the previous log_id; none replaces a LEAVE before a rejoin."""
    again = take_rows(rows, pick_share(rng, np.arange(rows["at"].size), dirt.REPEATED_STATUSES))
    final = (again["status"] == statuses.code("LEAVE")) & ~world.last[again["member"]]
    wins = ~final & (np.arange(final.size) % 2 == 0)
    step = rng.integers(1, max(2, len(statuses.words)), size=final.size)
    return again | {
        "status": (again["status"] + step) % len(statuses.words),
        "arrived": again["arrived"] + np.where(wins, 1, -1),
    }


def _stray_statuses(rng: np.random.Generator, world: World, rows: Rows) -> dict[str, Ints]:
    """Draw statuses of memberships that do not exist."""
    stray = take_rows(rows, pick_share(rng, np.arange(rows["at"].size), dirt.UNKNOWN_SUBJECTS))
    return stray | {"member": world.created.size + np.arange(stray["at"].size)}


def report(world: World, table: Table) -> pa.Table:
    """Draw reports against members of the same community, many against a few of them, some canceled."""
    rng = world.stream(table.qualified_name)
    size = max(1, round(world.created.size * _REPORTS))
    target = rng.permutation(world.created.size)[np.floor(world.created.size * rng.random(size) ** 3).astype(np.int64)]
    created = draw_between(rng, world.created[target], world.horizon)
    world.move_to_day_edges(rng, created, world.created[target])
    canceled = np.where(rng.random(size) < 0.15, draw_between(rng, created + 1, world.horizon + DAY), NEVER)
    world.move_to_day_edges(rng, canceled, created)
    rows: Rows = {
        "target": target,
        "community": world.member_communities[target],
        "created": created,
        "canceled": canceled,
    }
    if not world.spec.clean:
        stray = take_rows(rows, pick_share(rng, np.arange(size), dirt.UNKNOWN_SUBJECTS))
        rows = concat_rows(rows, stray | {"target": world.created.size + np.arange(stray["target"].size)})
    rows = shuffle_rows(rng, rows)
    return assemble(
        table,
        {
            "report_id": _number(rows["created"], 1),
            "comm_id": world.comm_id[rows["community"]],
            "target_comm_user_id": world.comm_user_ids(rows["target"]),
            "reporter_comm_user_id": world.comm_user_ids(world.draw_members(rng, rows["community"])),
            "created_at": rows["created"],
            "canceled_at": nullable_instants(rows["canceled"]),
        },
    )


def push_config(world: World, table: Table) -> pa.Table:
    """Draw push settings of a quarter of the pairs, most for several types and changed more than once."""
    rng = world.stream(table.qualified_name)
    types = vocabulary(table, "push_type")
    pairs = pick_up_to(rng, np.arange(world.user.size), max(1, world.user.size // 4))
    size = max(1, round(world.created.size * _PUSH_CONFIGS))
    pair = pairs[np.floor(pairs.size * rng.random(size) ** 1.5).astype(np.int64)]
    at = draw_between(rng, world.first[pair], world.horizon)
    old = np.flatnonzero(world.first[pair] < world.cutoffs[0] - DAY)
    punctual = pick_up_to(rng, old, min(2 * world.day_edges.size, old.size // 4))
    at[punctual] = np.resize(world.day_edges, punctual.size)
    settings = {
        "user": world.user[pair],
        "community": world.community[pair],
        "type": types.draw(rng, size),
        "enabled": (rng.random(size) < 0.7).astype(np.int64),
        "at": at,
    }
    rows: Rows = take_rows(settings, is_first(pair * len(types.words) + settings["type"], at))
    if not world.spec.clean:
        again = take_rows(rows, pick_share(rng, np.arange(rows["at"].size), dirt.REPEATED_PUSH_CONFIGS))
        rows = concat_rows(rows, again | {"enabled": 1 - again["enabled"]}, _stray_configs(rng, world, rows))
    rows = shuffle_rows(rng, rows)
    return assemble(
        table,
        {
            "wv_user_id": world.user_ids(rows["user"]),
            "comm_id": world.comm_id[rows["community"]],
            "push_type": types.decode(rows["type"]),
            "enabled": rows["enabled"] == 1,
            "updated_at": rows["at"],
        },
    )


def _stray_configs(rng: np.random.Generator, world: World, rows: Rows) -> dict[str, Ints]:
    """Draw push settings of pairs without a membership."""
    user, community = world.draw_unknown_pairs(rng, pick_share(rng, rows["at"], dirt.UNKNOWN_SUBJECTS).size)
    return take_rows(rows, np.arange(user.size)) | {"user": user, "community": community}


def _number(arrivals: Ints, first: int) -> Ints:
    """Assign consecutive ids in order of arrival."""
    order = np.argsort(arrivals, kind="stable")
    number = np.empty_like(order)
    number[order] = first + np.arange(order.size)
    return number
