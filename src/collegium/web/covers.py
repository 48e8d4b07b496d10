"""Covers of courses: the picture that somebody chose, else the title set on cloth, with a figure pressed into it.

Of a drawn one everything follows from the title and the category, so that a course looks the same everywhere and for
ever. Colours are tokens of the style sheet (`frontend/styles/covers.css`); nothing here knows a theme.
"""

import hashlib
import math
import re
from collections.abc import Callable
from functools import lru_cache
from random import Random
from typing import NamedTuple

from markupsafe import Markup, escape

WIDTH, HEIGHT = 400, 250
MARGIN = 28

# Advance widths of the serif's letters at weight 500, in thousandths of the type size; what is not here counts
# as 600. Measured in a browser, to the next 20.
_GROUPS = {
    220: "'’",
    240: " ",
    300: "!,.:;j",
    340: "-il",
    380: "/tf()IJ",
    440: "?“”",
    460: "rs",
    520: "czaeéèêàáâä–",
    540: "0123456789",
    580: "Sgovxyöóô",
    640: "FLPbdpETZhnukqüúñ",
    700: "BCYXRV",
    740: "AGKDOQ&",
    780: "NU",
    840: "Hw—…",
    960: "Mm",
    1020: "W",
}
_ADVANCES = {letter: width for width, letters in _GROUPS.items() for letter in letters}


class _Setting(NamedTuple):
    size: int
    lines: list[str]


def _width(text: str, size: float) -> float:
    return sum(_ADVANCES.get(letter, 600) for letter in text) * size / 1000


def _broken(title: str, size: int, measure: float) -> list[str]:
    lines: list[str] = []
    for word in title.split():
        if lines and _width(f"{lines[-1]} {word}", size) <= measure:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def set_title(title: str) -> _Setting:
    """The largest of four sizes at which the title fits its place, broken into lines; the last is cut."""
    measure = WIDTH - 2 * MARGIN
    for size, most in ((36, 3), (30, 4), (26, 4)):
        lines = _broken(title, size, measure)
        if len(lines) <= most and all(_width(line, size) <= measure for line in lines):
            return _Setting(size, lines)
    lines = _broken(title, 22, measure)
    if len(lines) > 5:
        lines = [*lines[:4], lines[4].rstrip(",;:") + "…"]
    return _Setting(22, lines)


def _arches(random: Random) -> str:
    centre, step = random.randint(250, 380), random.choice((18, 22, 26))
    return "".join(
        f'<path d="M{centre - r} {HEIGHT}A{r} {r} 0 0 1 {centre + r} {HEIGHT}"/>' for r in range(step, 230, step)
    )


def _pulses(random: Random) -> str:
    left = random.randint(190, 280)
    gap = random.choice((15, 17, 19))
    beat = "h{0}l8 -18 11 36 12 -30 7 12H400"
    return f'<path d="{"".join(f"M0 {160 + index * gap}" + beat.format(left + index * 9) for index in range(6))}"/>'


def _rings(random: Random) -> str:
    x, y = random.randint(280, 360), random.randint(150, 220)
    radius, rings = 0.0, ""
    while radius < 250:
        radius += random.uniform(8, 20)
        rings += f'<circle cx="{x}" cy="{y}" r="{radius:.0f}"/>'
    return rings


def _horizon(random: Random) -> str:
    x, level = random.randint(230, 330), random.randint(178, 200)
    radius = random.randint(44, 60)
    lines = "".join(f"M0 {level + gap}H{WIDTH}" for gap in (0, 7, 16, 27, 40, 55))
    sun = f"M{x - radius} {level}A{radius} {radius} 0 0 1 {x + radius} {level}"
    return f'<path class="solid" d="{sun}"/><path d="{lines}"/>'


def _ledger(random: Random) -> str:
    step = 25
    rules = "".join(f"M0 {y}H{WIDTH}" for y in range(step, HEIGHT, step))
    rules += "".join(f"M{x} 0V{HEIGHT}" for x in range(step, WIDTH, step))
    cells = {(random.randint(7, 15), random.randint(6, 9)) for _ in range(12)}
    squares = "".join(
        f'<rect class="solid" x="{x * step + 5}" y="{y * step + 5}" width="15" height="15"/>' for x, y in sorted(cells)
    )
    return f'<path d="{rules}" stroke-width="1"/>{squares}'


def _steps(random: Random) -> str:
    bars, height = "", 8.0
    for x in range(10, WIDTH, 30):
        height += random.uniform(2, 14)
        bars += f'<rect class="solid" x="{x}" y="{HEIGHT - height:.0f}" width="20" height="{height:.0f}"/>'
    return bars


def _rays(random: Random) -> str:
    x, y, count = random.randint(290, 380), random.randint(180, 240), random.choice((36, 44, 52))
    paths: list[str] = []
    for index in range(count):
        angle = 2 * math.pi * index / count
        near, far = (34, 420) if index % 2 else (58, 420)
        paths.append(
            f"M{x + near * math.cos(angle):.0f} {y + near * math.sin(angle):.0f}"
            f"L{x + far * math.cos(angle):.0f} {y + far * math.sin(angle):.0f}"
        )
    return f'<path d="{"".join(paths)}"/>'


def _matrix(random: Random) -> str:
    # A dot is a line of no length with a round cap: far fewer bytes than a circle.
    dots: dict[int, str] = {4: "", 7: "", 11: ""}
    for row in range(10):
        for column in range(16):
            # Denser to the right and below, where the title leaves room.
            if random.random() * 30 < column + row - 4:
                dots[random.choice((4, 7, 11))] += f"M{column * 25 + 12} {row * 25 + 12}h0"
    return "".join(f'<path d="{path}" stroke-width="{width}"/>' for width, path in dots.items())


def _leaves(random: Random) -> str:
    spine, lift = random.randint(230, 300), random.randint(10, 26)
    leaves = ""
    for index in range(9):
        y = 80 + index * 20
        leaves += (
            f'<path d="M0 {y + lift}Q{spine / 2:.0f} {y - lift} {spine} {y + lift}'
            f'Q{(spine + WIDTH) / 2:.0f} {y - lift} {WIDTH} {y + lift}"/>'
        )
    return leaves


_FIGURES: dict[str, tuple[str, Callable[[Random], str]]] = {
    "insurance_fundamentals": ("Insurance fundamentals", _arches),
    "health_benefits": ("Health benefits", _pulses),
    "life_insurance": ("Life insurance", _rings),
    "retirement_planning": ("Retirement planning", _horizon),
    "compliance": ("Compliance", _ledger),
    "sales_techniques": ("Sales techniques", _steps),
    "leadership": ("Leadership", _rays),
    "technology": ("Technology", _matrix),
    "continuing_education": ("Continuing education", _leaves),
}


_FILE = re.compile(r"/files/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def course_cover(title: str, category: str, picture: str | None = None, *, large: bool = False) -> Markup:
    """What stands for a course: its picture, an address ``/files/<id>`` of the media library, else a drawn cover.

    ``large`` is for a place wider than 300 pixels, where dense screens take the whole picture. Any other address counts
    as no picture: pages show nothing from elsewhere.
    """
    if not picture or not _FILE.fullmatch(picture):
        return drawn_cover(title, category)
    sources = Markup(' srcset="{0}/thumbnail 480w, {0} 1280w" sizes="22rem"').format(picture) if large else Markup("")
    return Markup(
        '<img class="cover cover-picture" src="{}/thumbnail"{} alt="{}" width="{}" height="{}"'
        ' loading="lazy" decoding="async">'
    ).format(picture, sources, title, WIDTH, HEIGHT)


@lru_cache(maxsize=1024)
def drawn_cover(title: str, category: str) -> Markup:
    """An inline SVG, 400 by 250 units, as wide as its place; decorative, so hidden from assistive technology.

    A category without a figure of its own gets that of continuing education.
    """
    known = category if category in _FIGURES else "continuing_education"
    words, figure = _FIGURES[known]
    seed = int.from_bytes(hashlib.sha256(f"{category}\0{title}".encode()).digest()[:8], "big")
    size, lines = set_title(title)
    top = 64 + size
    text = "".join(
        f'<tspan x="{MARGIN}" y="{top + index * size * 1.14:.0f}">{escape(line)}</tspan>'
        for index, line in enumerate(lines)
    )
    return Markup(  # noqa: S704 - numbers of ours, the title is escaped
        f'<svg class="cover cover-{known}" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
        f'<g class="cover-figure">{figure(Random(seed))}</g>'  # noqa: S311 - a drawing, not a secret
        f'<text class="kind" x="{MARGIN}" y="42" font-size="14">{words}</text>'
        f'<path class="rule" d="M{MARGIN} 56H{WIDTH - MARGIN}"/>'
        f'<text font-size="{size}">{text}</text></svg>'
    )
