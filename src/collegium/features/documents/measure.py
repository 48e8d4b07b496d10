"""Counts and measures the pages of a PDF, in a process of its own with little memory and time: PDFs come from anybody.

``python -m collegium.features.documents.measure FILE`` prints ``{"sizes": [[1, 595, 842], …], "pages": 12}`` or
``{"problem": "words"}``. Nothing of the file is run or fetched.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from collegium.kit.errors import Invalid
from collegium.kit.storage import Storage

MOST_PAGES = 5000
MEMORY = 1 << 30
CPU_S = 30
PATIENCE_S = 45
UNREADABLE = "This PDF cannot be read: it is damaged. Save it anew from the program that made it, and upload that."
PROTECTED = "This PDF asks for a password. Save it without one, and upload that."
TOO_LARGE = "This PDF is too large or too involved to be read in the page. Attach it as a file, or split it."


class Measured(msgspec.Struct, frozen=True):
    """How many pages, and [first page, width, height] in points wherever the size changes."""

    pages: int
    sizes: list[tuple[int, float, float]]


async def measure(storage: Storage, key: str) -> Measured:
    """Counts and measures a stored PDF; raises Invalid in words when it cannot be read in the page."""
    with tempfile.TemporaryDirectory(prefix="collegium-pdf-") as scratch:
        file = Path(scratch) / "document.pdf"
        with file.open("wb") as out:
            async for chunk in storage.stream(key):
                out.write(chunk)
        return await measure_file(file)


async def measure_file(file: Path) -> Measured:
    """measure() of a file on this machine."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, str(file), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        said, _ = await asyncio.wait_for(child.communicate(), PATIENCE_S)
    except TimeoutError:
        raise Invalid(TOO_LARGE, code="pdf_too_large") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
    try:
        answer: dict[str, Any] = json.loads(said)
    except ValueError:
        # The process was ended by its limits.
        raise Invalid(TOO_LARGE, code="pdf_too_large") from None
    if "problem" in answer:
        raise Invalid(answer["problem"], code="bad_pdf")
    return msgspec.convert(answer, Measured)


def limit() -> None:
    """Gives this process little memory and time, where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))


def read(file: Path) -> dict[str, Any]:
    """The answer for one file."""
    from pypdf import PasswordType, PdfReader

    try:
        document = PdfReader(file)
        if document.is_encrypted and document.decrypt("") == PasswordType.NOT_DECRYPTED:
            return {"problem": PROTECTED}
        count = len(document.pages)
        if not 1 <= count <= MOST_PAGES:
            return {"problem": UNREADABLE if count < 1 else f"This PDF has more than {MOST_PAGES:,} pages. Split it."}
        sizes: list[tuple[int, float, float]] = []
        for number, page in enumerate(document.pages, 1):
            width, height = _size(page)
            if not sizes or sizes[-1][1:] != (width, height):
                sizes.append((number, width, height))
    except MemoryError:
        return {"problem": TOO_LARGE}
    except Exception:  # Whatever a damaged file makes the library raise, the answer is the same.
        return {"problem": UNREADABLE}
    return {"pages": count, "sizes": sizes}


def _size(page: Any) -> tuple[float, float]:
    """Width and height as shown; a page that does not say it is taken to be A4."""
    try:
        box = page.cropbox
        unit = min(max(float(page.get("/UserUnit", 1)), 0.1), 100.0)
        width, height = float(box.width) * unit, float(box.height) * unit
        if page.rotation % 180:
            width, height = height, width
    except Exception:
        return 595, 842
    if not (1 <= width <= 100_000 and 1 <= height <= 100_000):
        return 595, 842
    return round(width, 1), round(height, 1)


if __name__ == "__main__":
    limit()
    sys.stdout.write(json.dumps(read(Path(sys.argv[1]))))
