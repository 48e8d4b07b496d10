"""Where a page of a list ended, as text in an address. Each list says by which columns it is ordered."""

from __future__ import annotations

import base64
import binascii
from typing import TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


def write_cursor(place: msgspec.Struct) -> str:
    """A place, as letters, digits, `-` and `_`. Give its struct ``array_like=True``, so that it is short."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def read_cursor(text: str | None, kind: type[T]) -> T | None:
    """What `write_cursor` wrote; None for anything else, which stands for the beginning of the list."""
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode((text or "") + "=="), type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError, binascii.Error, ValueError):
        return None
