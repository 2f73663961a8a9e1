"""Rates of the defects that real upstreams have and a sample imitates.

A rate is a share of the rows that can have the defect; if there are any, at least one has it.
`SampleSpec(clean=True)` leaves all defects out.
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
"""Time between the end of a day and its snapshot, which contains memberships created in between."""

LATE_MEMBERSHIPS = 0.0005
"""Share of memberships created within `LATENESS` after the last day."""

REPEATED_STATUSES = 0.005
"""Status logs with another status of the same membership at the same instant."""

OVERLAPPING_INTERVALS = 0.01
"""Country and fan club intervals with an overlapping one; half of those start at the same instant."""

SEVERAL_SPECIAL_ROWS = 0.1
"""Active special-member rows whose membership has a second one; half of those have the same registration instant."""

REPEATED_PUSH_CONFIGS = 0.005
"""Push configs recorded twice at one instant, once enabled and once not."""

REPEATED_POST_EVENTS = 0.005
"""Views and reactions that are recorded twice, with equal values."""

SEVERAL_CHANNELS = 0.3
"""Communities that were several V channels, and users who moved from more than one of them."""

MISSING_USERS = 0.005
"""Users with a membership that are missing from `we_user`."""

MISSING_ARTISTS = 0.1
"""Communities that are missing from `we_artist`."""

UNKNOWN_SUBJECTS = 0.003
"""Statuses, reports, special-member rows, push configs, WV1 joins, views, reactions and DM subscriptions of
memberships or pairs that do not exist."""

BLANK_IMAGES = 0.01
"""Image URLs that are empty or blank instead of null."""
