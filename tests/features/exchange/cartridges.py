"""Common Cartridges of each version, made by hand: what an author's program would write, no more."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from pypdf import PdfWriter

VERSIONS = ("1.1", "1.2", "1.3")


@dataclass
class Resource:
    """A resource with its files; `type` as in the manifest, `{v}` standing for the version's digit."""

    id: str
    type: str
    files: dict[str, bytes]
    href: str | None = None
    attributes: str = ""
    inside: str = ""


@dataclass
class Item:
    """A place in the outline."""

    title: str
    resource: str | None = None
    children: list[Item] = field(default_factory=list)


def webcontent(name: str, path: str, data: bytes | str, **more: bytes) -> Resource:
    """A page or a file, with further files that belong to it."""
    content = data.encode() if isinstance(data, str) else data
    return Resource(
        name, "webcontent", {path: content, **{key.replace("__", "/"): value for key, value in more.items()}}, path
    )


def link(name: str, title: str, url: str) -> Resource:
    """A web link."""
    text = f'<webLink xmlns="http://www.imsglobal.org/xsd/imsccv1p{{v}}/imswl_v1p{{v}}"><title>{escape(title)}</title><url href={quoteattr(url)}/></webLink>'
    return Resource(name, "imswl_xmlv1p{v}", {f"{name}.xml": text.encode()})


def topic(name: str, title: str, text: str, kind: str = "text/html") -> Resource:
    """A topic to discuss."""
    inside = f'<topic xmlns="http://www.imsglobal.org/xsd/imsccv1p{{v}}/imsdt_v1p{{v}}"><title>{escape(title)}</title><text texttype="{kind}">{escape(text)}</text></topic>'
    return Resource(name, "imsdt_xmlv1p{v}", {f"{name}.xml": inside.encode()})


def manifest(
    version: str, items: list[Item], resources: list[Resource], *, title: str = "Claims handling", extra: str = ""
) -> str:
    """The manifest of a version."""
    digit = version[-1]

    def item(one: Item, number: str) -> str:
        reference = f' identifierref="{one.resource}"' if one.resource else ""
        inside = "".join(item(child, f"{number}_{place}") for place, child in enumerate(one.children))
        return f'<item identifier="i{number}"{reference}><title>{escape(one.title)}</title>{inside}</item>\n'

    listed = "".join(
        f'<resource identifier="{one.id}" type="{one.type.format(v=digit)}"'
        + (f" href={quoteattr(one.href)}" if one.href else "")
        + f"{one.attributes}>{one.inside}"
        + "".join(f"<file href={quoteattr(path)}/>" for path in one.files)
        + "</resource>\n"
        for one in resources
    )
    space = f"http://www.imsglobal.org/xsd/imsccv1p{digit}/imscp_v1p1"
    lom = f"http://ltsc.ieee.org/xsd/imsccv1p{digit}/LOM/manifest"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="m" xmlns="{space}" xmlns:lomm="{lom}">
<metadata><schema>IMS Common Cartridge</schema><schemaversion>{version}.0</schemaversion>
<lomm:lom><lomm:general><lomm:title><lomm:string language="en">{escape(title)}</lomm:string></lomm:title>
<lomm:description><lomm:string>How a claim is handled.</lomm:string></lomm:description>
<lomm:keyword><lomm:string>claims</lomm:string></lomm:keyword></lomm:general></lomm:lom></metadata>
{extra}<organizations><organization identifier="o" structure="rooted-hierarchy"><item identifier="root">
{"".join(item(one, str(place)) for place, one in enumerate(items))}</item></organization></organizations>
<resources>
{listed}</resources></manifest>"""


def cartridge(path: Path, version: str, items: list[Item], resources: list[Resource], **given: str) -> Path:
    """A cartridge as a file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("imsmanifest.xml", manifest(version, items, resources, **given))
        for one in resources:
            for name, data in one.files.items():
                archive.writestr(name, data.replace(b"{v}", version[-1].encode()))
    return path


# A picture of one point, and the least that is a PDF for whoever looks at its first bytes.
POINT = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001"
    "e221bc330000000049454e44ae426082"
)


def blank(pages: int = 2) -> bytes:
    """A PDF of empty pages."""
    writer, out = PdfWriter(), BytesIO()
    for _ in range(pages):
        writer.add_blank_page(200, 300)
    writer.write(out)
    return out.getvalue()


PDF = blank()
PAGE = """<!DOCTYPE html>
<html><head><title>Reading a claim</title><style>p { color: red }</style></head>
<body onload="steal()">
<h1>Reading a claim</h1>
<p>Begin with the <b>date</b>. <a href="../files/form.pdf">The form</a> is short, <a href="next.html">the next page</a> is not.</p>
<p><img src="pictures/point.png" alt="A point"> <img src="$IMS-CC-FILEBASE$/shared/point.png" alt="Another"></p>
<p><a href="javascript:alert(1)">Press here</a> or look at <a href="https://example.org/more">more</a>.</p>
<script>alert("here")</script>
</body></html>"""


def usual(path: Path, version: str) -> Path:
    """A cartridge with some of everything."""
    digit = version[-1]
    quiz = f"imsqti_xmlv1p2/imscc_xmlv1p{digit}/assessment"
    resources = [
        webcontent("page", "web/reading.html", PAGE, **{"web__pictures__point.png": POINT}),
        webcontent("next", "web/next.html", "<p>The next page.</p>"),
        webcontent("form", "files/form.pdf", PDF),
        webcontent("shared", "web_resources/shared/point.png", POINT),
        webcontent("sheet", "files/sheet.csv", "a,b\n1,2\n"),
        link("link", "The law", "https://example.org/law"),
        link("plain", "An old page", "http://example.org/old"),
        topic("topic", "What would you do?", "<p>Say <b>why</b>.</p><script>x()</script>"),
        Resource("quiz", quiz, {"quiz.xml": b"<questestinterop/>"}),
        Resource("tool", "imsbasiclti_xmlv1p0", {"tool.xml": b"<cartridge_basiclti_link/>"}),
        webcontent("plan", "plan.html", "<p>For teachers</p>"),
    ]
    resources[-1].attributes = ' intendeduse="lessonplan"'
    items = [
        Item(
            "First steps",
            children=[Item("Reading a claim", "page"), Item("The form", "form"), Item("The next page", "next")],
        ),
        Item(
            "Going on",
            children=[
                Item("Law", children=[Item("The law", "link"), Item("Old", "plain")]),
                Item("Talk", "topic"),
                Item("Quiz", "quiz"),
            ],
        ),
        Item("The sheet", "sheet"),
        Item("Tool", "tool"),
        Item("Lesson plan", "plan"),
        Item("Gone", "nowhere"),
    ]
    return cartridge(path, version, items, resources)
