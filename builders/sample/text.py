"""Invented ids, nicknames, names of artists and image URLs; any likeness to real names is unintended."""

from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .arrays import Arrow, Ints

__all__ = ["BLANKS", "COUNTRIES", "NICKNAMES", "artist_names", "hash_ids", "image_urls", "member_names"]

_FRONT = (
    *("달빛", "새벽", "보라", "구름", "별사탕", "고양이", "복숭아", "라떼", "우주", "초코"),
    *("moon", "Neon", "tiny", "Ävelyn", "mochi", "LULU", "señor", "ゆき", "小星", "🐰", "💜", "✨pixel"),
)
_BACK = ("", "토끼", "단", "_", "냥이", "🌙", "77", " forever", "bean", "♡", "xo", ".o0", "별", "-chan")
_AWKWARD = (
    "<b>bold</b>",
    "<script>alert('hi')</script>",
    "\"quoted\" & 'single'",
    "Robert'); DROP TABLE fans;--",
    "a&amp;b <i>",
    "tab\there",
    "100% {name} $1 \\n",
    "مرحبا",
    "👩‍👩‍👧‍👦",
    " ",
)

NICKNAMES = pa.array([*(front + back for front, back in product(_FRONT, _BACK)), *_AWKWARD], pa.string())
"""What members call themselves: Hangul, Latin, emoji, and a few that try to be markup or code."""

BLANKS = pa.array(["", "  "], pa.string())

_MOST_FREQUENT_FIRST = (
    "KR US JP ID CN PH TH BR MX VN TW IN MY DE FR GB CA PE AU ES IT TR SA CL AR CO HK SG PL RU NL AE EG MA "
    "ZA NZ SE NO FI DK PT GR RO CZ HU AT CH BE IE UA KZ MN KH MM LA BD PK LK NP BO EC DO GT CR NA IS"
)

COUNTRIES = tuple(_MOST_FREQUENT_FIRST.split())
"""Countries of members as ISO 3166-1 alpha-2 codes, most frequent first."""

_SOUNDS = ("노을", "Velvet", "하늘", "Neon", "파도", "Paper", "모래", "Quiet", "유리", "Amber", "이슬", "Static")
_THINGS = ("항구", "Comet", "정원", "Orchard", "극장", "Lantern", "열차", "Meadow", "우산", "<Tide>", "Echo & Co")


def artist_names(size: int) -> Arrow:
    """Invent different names of artists."""
    pairs = [f"{sound} {thing}" for thing, sound in product(_THINGS, _SOUNDS)]
    return pa.array(
        [pairs[n % len(pairs)] + (f" {n // len(pairs) + 1}" if n >= len(pairs) else "") for n in range(size)]
    )


def member_names(size: int) -> Arrow:
    """Invent different names of members of artists."""
    return pa.array([f"{_FRONT[n % len(_FRONT)]} {n // len(_FRONT) + 1}" for n in range(size)], pa.string())


def hash_ids(numbers: Ints, key: int) -> Arrow:
    """Hash each number to sixteen hexadecimal digits, without collisions.

    >>> hash_ids(np.array([1, 2]), 0).to_pylist()
    ['5692161d100b05e5', 'dbd238973a2b148a']
    """
    text = _HEX[_mix(numbers, key).astype(">u8").view(np.uint8)].reshape(-1)
    offsets = np.arange(0, 16 * numbers.size + 1, 16, dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), numbers.size, [None, pa.py_buffer(offsets.data), pa.py_buffer(text.data)])


def image_urls(numbers: Ints, key: int) -> Arrow:
    """Invent an image URL for each number."""
    parts = [pa.scalar("https://img.example/"), hash_ids(numbers, key), pa.scalar(".jpg"), pa.scalar("")]
    addresses: Arrow = pc.call_function("binary_join_element_wise", parts)
    return addresses


_HEX = np.array([list(f"{byte:02x}".encode()) for byte in range(256)], dtype=np.uint8)


def _mix(numbers: Ints, key: int) -> np.typing.NDArray[np.uint64]:
    """Apply the finalizer of SplitMix64, each step of which is invertible and therefore without collisions."""
    mixed = numbers.astype(np.uint64) ^ np.uint64(key)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))
