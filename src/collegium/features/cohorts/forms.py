"""Reading what the pages' forms send."""

from __future__ import annotations

from collegium.web.pages import WebRequest


async def read_form(request: WebRequest) -> dict[str, str]:
    """The text fields that were sent, without what the database cannot keep; of several of a name, the last."""
    sent = await request.form()
    return {
        name: value.encode("utf-8", "ignore").decode().replace("\x00", "").replace("\r\n", "\n")
        for name, value in sent.multi_items()
        if isinstance(value, str)
    }
