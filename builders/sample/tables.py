"""Draws the upstream tables of a sample one after the other."""

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
from .world import World, draw_world

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
"""The qualified names of the tables of a sample."""


def upstreams(spec: SampleSpec, contracts: Mapping[str, Table]) -> Iterator[tuple[str, pa.Table]]:
    """Draw every upstream table.

    Each table is drawn lazily and from its own stream of random numbers, so it does not depend on the others.

    Args:
        spec: the parameters of the sample.
        contracts: tables by qualified name; tables that are not upstream are ignored.

    Returns:
        The qualified name of each table, and its rows with the columns and types of its contract.

    Raises:
        martgate.errors.InvalidInput: contracts are missing or have unsupported types, raised before anything is drawn;
            or one has unsupported columns or values, raised when its table is drawn.
    """
    missing = [name for name in UPSTREAMS if name not in contracts]
    if missing:
        raise InvalidInput(
            *(f"{name}: the sample needs the contract of this table, and none was found" for name in missing)
        )
    for name in UPSTREAMS:
        arrow_schema(contracts[name])
    return _draw_tables(spec, contracts)


def _draw_tables(spec: SampleSpec, contracts: Mapping[str, Table]) -> Iterator[tuple[str, pa.Table]]:
    world = draw_world(spec)
    for name, draw in _DRAW.items():
        yield name, draw(world, contracts[name])
