"""Lessons whose content lies elsewhere: a link to open, or a page shown inside the lesson."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from collegium.kit.errors import Invalid

ELSEWHERE = ("external_link", "embedded_content")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+(:\d{2,5})?")


def embed_hosts(setting: str) -> tuple[str, ...]:
    """The hosts of COLLEGIUM_EMBED_HOSTS, in small letters; what is no host's name is left out."""
    names = (name.strip().lower() for name in setting.replace(";", ",").split(","))
    return tuple(name for name in names if _HOST.fullmatch(name))


def host_of(address: str) -> str:
    """The host of an address, with its port when it has one."""
    return urlsplit(address).netloc.lower()


def checked_address(address: str, lesson_type: str, hosts: Collection[str]) -> str:
    """The address of a lesson that lies elsewhere. Raises Invalid in words when it cannot be used."""
    text = address.strip()
    wrong = {"content_url": "Give the whole address, as it stands in the browser: https://…"}
    if not text:
        raise Invalid("There is no address yet.", fields=wrong)
    try:
        parts = urlsplit(text)
        plain = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        plain = False
    if not plain or len(text) > 1024 or re.search(r"[\s\x00-\x1f\x7f\\]", text):
        raise Invalid("This address cannot be used: it must begin with https:// and have no spaces.", fields=wrong)
    if lesson_type == "embedded_content" and host_of(text) not in hosts:
        can = ", ".join(hosts) or "none yet"
        words = (
            f"Pages of {host_of(text)} cannot be shown inside a lesson. Allowed: {can}. An administrator can add hosts."
        )
        raise Invalid(words, fields={"content_url": words})
    return text
