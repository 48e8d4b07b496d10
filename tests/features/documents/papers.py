"""PDFs made by hand: as many pages as wanted with text on each, a link, sizes that change, and things that a PDF may try."""

from __future__ import annotations


def paper(
    pages: int = 3, *, landscape: tuple[int, ...] = (), catalogue: str = "", page_extra: str = "", pad: int = 0
) -> bytes:
    """A PDF whose page k says "Page k of n" and the word "appeal" on every tenth. ``landscape`` lie on their side.

    ``catalogue`` and ``page_extra`` go into the document's root and into each page, for what a hostile file would hold.
    ``pad`` adds so many bytes of comment to each page's content.
    """
    objects = [f"<< /Type /Catalog /Pages 2 0 R {catalogue} >>".encode()]
    kids = " ".join(f"{4 + k} 0 R" for k in range(pages))
    objects.append(f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>".encode())
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    contents: list[bytes] = []
    for number in range(1, pages + 1):
        width, height = (842, 595) if number in landscape else (595, 842)
        extra = " An appeal begins here." if number % 10 == 0 else ""
        text = f"BT /F1 28 Tf 60 {height - 110} Td (Page {number} of {pages}.{extra}) Tj ET"
        lines = "".join(
            f"BT /F1 13 Tf 60 {height - 160 - 22 * row} Td (Line {row + 1}: the insurer gives its reason in writing.) Tj ET\n"
            for row in range(18)
        )
        stream = (text + "\n" + lines + "%" + "x" * pad + "\n").encode()
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents {3 + pages + number} 0 R"
            f" /Resources << /Font << /F1 3 0 R >> >> {page_extra} >>".encode()
        )
        contents.append(b"<< /Length %d >>\nstream\n%bendstream" % (len(stream), stream))
    # As programs write them: what says where things are together, and the pages' contents after it.
    return _file(objects + contents)


def _file(objects: list[bytes]) -> bytes:
    made = b"%PDF-1.7\n"
    places: list[int] = []
    for number, body in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    return made + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


SCRIPTED = {
    "catalogue": "/OpenAction << /S /JavaScript /JS (globalThis.pwned = 1; app.alert\\(1\\)) >>"
    " /Names << /JavaScript << /Names [(a) << /S /JavaScript /JS (globalThis.pwned = 2) >>] >> >>",
    "page_extra": "/AA << /O << /S /JavaScript /JS (globalThis.pwned = 3) >> >> /Annots ["
    "<< /Type /Annot /Subtype /Link /Rect [60 700 300 760] /A << /S /URI /URI (javascript:globalThis.pwned=4) >> >>"
    " << /Type /Annot /Subtype /Link /Rect [60 600 300 640] /A << /S /URI /URI (https://example.org/appeal) >> >>"
    " << /Type /Annot /Subtype /Link /Rect [60 500 300 540] /A << /S /Launch /F (calc.exe) >> >>]",
}
