"""E-mail addresses, and where on the network somebody is."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

LONGEST = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def normal_email(text: str) -> str | None:
    """An address in its one form: lower case, an international domain as DNS writes it. None when it is not one."""
    local, at, domain = text.strip().rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or len(local) > 64:
        return None
    try:
        plain = domain.encode("idna").decode("ascii").lower() if not domain.isascii() else domain.lower()
    except UnicodeError:
        return None
    labels = plain.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        return None
    email = f"{local.lower()}@{plain}"
    return email if len(email) <= LONGEST else None


def _parse(host: str | None) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address((host or "").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def normal_address(host: str | None) -> str | None:
    """A network address as the database keeps it; None for what is not one, such as a local socket."""
    address = _parse(host)
    return str(address) if address else None


def network_range(host: str | None) -> tuple[str, str] | None:
    """First and last address of the network that counts as one place: an IPv4 address itself, an IPv6 /64."""
    address = _parse(host)
    if address is None:
        return None
    network = ip_network((address, 64 if isinstance(address, IPv6Address) else 32), strict=False)
    return str(network[0]), str(network[-1])


def network_name(host: str | None) -> str:
    """The network that counts as one place, as text."""
    address = _parse(host)
    if address is None:
        return "unknown"
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else str(address)
