"""The dirt of real upstreams, each kind with its rate, in one place.

A rate is the share of the rows that a kind could happen to; wherever a sample has any such rows, at least one of them
is hit. `SampleSpec(clean=True)` leaves all of it out.
"""

from datetime import timedelta

__all__ = [
    "BLANK_IMAGES",
    "LATENESS",
    "LATE_MEMBERSHIPS",
    "MISSING_ARTISTS",
    "MISSING_USERS",
    "OVERLAPPING_INTERVALS",
    "REPEATED_POST_EVENTS",
    "REPEATED_PUSH_CONFIGS",
    "REPEATED_STATUSES",
    "SEVERAL_CHANNELS",
    "SEVERAL_SPECIAL_ROWS",
    "UNKNOWN_SUBJECTS",
]

LATENESS = timedelta(minutes=5)
"""How long after the end of its day a snapshot is taken: memberships created in between are in it already."""

LATE_MEMBERSHIPS = 0.0005
"""Memberships created within `LATENESS` after the last day, as a share of all."""

REPEATED_STATUSES = 0.005
"""Status logs that have another status logged for the same membership at the same instant."""

OVERLAPPING_INTERVALS = 0.01
"""Country and fan club intervals that another one overlaps; half of those start at the same instant."""

SEVERAL_SPECIAL_ROWS = 0.1
"""Active special-member rows beside which the membership has another; half of those registered at the same instant."""

REPEATED_PUSH_CONFIGS = 0.005
"""Push configs recorded twice at one instant, once enabled and once not."""

REPEATED_POST_EVENTS = 0.005
"""Views and reactions that are recorded twice, to the letter."""

SEVERAL_CHANNELS = 0.3
"""Communities of V that several channels became, and users of theirs who moved from more than one."""

MISSING_USERS = 0.005
"""Users with a membership who are missing from `we_user`."""

MISSING_ARTISTS = 0.1
"""Communities that are missing from `we_artist`."""

UNKNOWN_SUBJECTS = 0.003
"""Statuses, reports, special-member rows, push configs, WV1 joins, views, reactions and DM subscriptions about
memberships or pairs nobody knows."""

BLANK_IMAGES = 0.01
"""Image urls that are set, and empty or nothing but spaces."""
