"""All upstream tables of a sample, one after the other."""

from collections.abc import Callable, Iterator, Mapping

import pyarrow as pa

from martgate.contracts.model import Table
from martgate.errors import InvalidInput

from .activity import push_config, report, status_log
from .artists import special_member, we_artist
from .intervals import country_history, dm_subscription, fan_club_history
from .legacy import channel_mapping, v_migration, wv1_join
from .posts import post_reaction, post_view
from .shape import arrow_schema
from .snapshots import member_profile, we_user
from .spec import SampleSpec
from .world import World, populate

__all__ = ["UPSTREAMS", "upstreams"]

_DRAW: Mapping[str, Callable[[World, Table], pa.Table]] = {
    "we_mart.ods_wv_member_profile": member_profile,
    "we_mart.we_user": we_user,
    "we_mart.we_artist": we_artist,
    "we_mart.wv_user_ctry_history": country_history,
    "we_mart.ws_fc_user_history": fan_club_history,
    "we_mart.wv1_join_info": wv1_join,
    "weverse2.community_log_member_status_log": status_log,
    "weverse2.community_member_special_member": special_member,
    "weverse2.community_common_report": report,
    "weverse2.notification_push_config": push_config,
    "weverse2.community_log_v_member_migration": v_migration,
    "we_meta.v_to_wv_comm_mapping": channel_mapping,
    "we_mart.wv_post_view": post_view,
    "we_mart.wv_post_reaction": post_reaction,
    "weverse2.wdm_subscription": dm_subscription,
}

UPSTREAMS = tuple(_DRAW)
"""The qualified names of the tables that a sample has."""


def upstreams(spec: SampleSpec, contracts: Mapping[str, Table]) -> Iterator[tuple[str, pa.Table]]:
    """Draw every upstream table: its qualified name, and its rows in the columns and types of its contract.

    `contracts` are tables by qualified name; those that are no upstream are left alone. Tables are drawn when asked
    for, each from a stream of random numbers of its own: drawing one more does not change the others.

    Raises:
        martgate.errors.InvalidInput: contracts are missing or have types no sample has, told before anything is drawn;
            or one has columns or values that its table cannot be drawn with, told when it is its turn.
    """
    missing = [name for name in UPSTREAMS if name not in contracts]
    if missing:
        raise InvalidInput(
            *(f"{name}: a sample needs the contract of this table, and there is none" for name in missing)
        )
    for name in UPSTREAMS:
        arrow_schema(contracts[name])
    return _drawn(spec, contracts)


def _drawn(spec: SampleSpec, contracts: Mapping[str, Table]) -> Iterator[tuple[str, pa.Table]]:
    world = populate(spec)
    for name, draw in _DRAW.items():
        yield name, draw(world, contracts[name])
