"""Names of files as an answer gives them: without what hides or turns letters, and in the forms that browsers read."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

# Turns a text around or hides in it: "gnp.exe" must not read as "exe.png".
_HIDDEN = re.compile(r"[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_ATTR_CHAR = "!#$&+-.^_`|~"


def safe_name(name: str) -> str:
    """A file's name without a folder, control characters, or letters that hide or turn others; never empty."""
    kept = _HIDDEN.sub("", unicodedata.normalize("NFC", name))
    kept = re.sub(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*]', "_", kept).strip(" .")
    return kept[:200] or "file"


def disposition(name: str, *, inline: bool = False) -> str:
    """Content-Disposition for a name: RFC 6266, with plain ASCII for old programs and RFC 5987's form for the rest."""
    safe = safe_name(name)
    plain = unicodedata.normalize("NFKD", safe).encode("ascii", "ignore").decode().strip()
    # Without letters of its own the plain form keeps the extension.
    stem, dot, ending = plain.rpartition(".")
    plain = f"{(stem if dot else ending).strip(' .') or 'file'}{dot}{ending if dot else ''}"
    # In a quoted string a percent sign is read as an escape by some programs.
    plain = re.sub(r"[%;]", "_", plain)
    kind = "inline" if inline else "attachment"
    header = f'{kind}; filename="{plain}"'
    return header if plain == safe else f"{header}; filename*=UTF-8''{quote(safe, safe=_ATTR_CHAR)}"
