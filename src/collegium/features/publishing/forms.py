"""Reading what the pages' forms send."""

from __future__ import annotations

from collegium.web.pages import WebRequest


class Form:
    """The text fields of a form. A field that was not sent is empty, and so is a file in its place."""

    def __init__(self, fields: dict[str, str]) -> None:
        self.fields = fields

    def text(self, name: str) -> str:
        """One field; NUL, which PostgreSQL cannot keep, and half characters are left out."""
        return self.fields.get(name, "")


async def read_form(request: WebRequest) -> Form:
    """The form that was sent; of a field that came several times, the last."""
    sent = await request.form()
    return Form({name: _clean(value) for name, value in sent.multi_items() if isinstance(value, str)})


def _clean(value: str) -> str:
    return value.encode("utf-8", "ignore").decode().replace("\x00", "").replace("\r\n", "\n")
