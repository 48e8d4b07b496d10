"""A Common Cartridge as a course: modules and lessons of its outline, files of its resources, and what is left out."""

from __future__ import annotations

import html
import posixpath
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

import msgspec

from collegium.features.exchange import format, markup
from collegium.features.exchange.format import FILE_SCHEME
from collegium.features.exchange.parts import (
    Attachment,
    Block,
    Course,
    Document,
    File,
    FileBlock,
    Image,
    LeftOut,
    Lesson,
    Module,
    RichText,
    Video,
    VideoBlock,
)
from collegium.features.exchange.plan import Finding, Plan, Refused, Sort
from collegium.kit.unpack import Archive, Progress, UnpackError, megabytes
from collegium.standards.cc import protocol
from collegium.standards.cc.protocol import Cartridge, CartridgeError, Item, Resource

Clean = Callable[[str], str]
LARGEST_PAGE = 4 << 20
MOST_ATTACHMENTS = 50
IMAGES = frozenset({"png", "jpg", "jpeg", "gif", "webp", "avif"})
FILMS = frozenset({"mp4", "m4v", "mov", "webm", "mkv"})
PAGES = frozenset({"html", "htm", "xhtml"})
# Of no use without the page around it; an attachment nobody would open.
_STYLES = frozenset({"css", "js", "map", "woff", "woff2", "ttf", "eot"})
_FILE_BASE = "$IMS-CC-FILEBASE$"
_WAITING = {
    "quiz": "It is a quiz. Quizzes are imported when they come to the studio.",
    "questions": "It is a bank of questions, which comes with quizzes.",
    "tool": "It opens a learning tool elsewhere (LTI). That comes with learning tools.",
    "assignment": "It is an assignment. Assignments are not imported: make it anew in the studio.",
    "application": "It belongs to the program that wrote the cartridge and says nothing to another one.",
    "other": "Its type is none of Common Cartridge 1.1 to 1.3.",
}


def plan(archive: Archive, clean: Clean, *, name: str, progress: Progress | None = None) -> Plan:
    """What a cartridge becomes. ``name`` is the file's, for one without a title. Raises Refused and UnpackError."""
    try:
        cartridge = protocol.parse_manifest(archive.read(protocol.MANIFEST, protocol.LARGEST))
    except CartridgeError as error:
        where = f"{protocol.MANIFEST}, line {error.line}: " if error.line and not str(error).startswith("Line") else ""
        raise Refused(f"{where}{error}") from error
    return _Maker(archive, cartridge, clean, progress).plan(name)


class _Maker:
    def __init__(self, archive: Archive, cartridge: Cartridge, clean: Clean, progress: Progress | None) -> None:
        self._archive, self._cartridge, self._clean, self._progress = archive, cartridge, clean, progress
        self._files: dict[str, File] = {}
        self._findings: list[Finding] = []
        self._left_out: list[LeftOut] = []
        self._lessons = 0
        self._pages = {one.href for one in cartridge.resources.values() if one.href}
        self._used = {protocol.MANIFEST}

    def plan(self, name: str) -> Plan:
        cartridge = self._cartridge
        title = _line(cartridge.title) or _line(posixpath.splitext(name)[0]) or "Imported course"
        for note in cartridge.notes:
            self._find("note", note.words, file=protocol.MANIFEST, line=note.line, element="item")
        modules = self._modules(title)
        if not any(module.lessons for module in modules):
            raise Refused(
                "Nothing in this cartridge can become a lesson. "
                + " ".join(f"{one.what}: {one.why}" for one in self._left_out[:3])
            )
        self._tell_unused()
        self._find(
            "note", "A cartridge names no category. The course gets “Continuing education”: change it under Settings."
        )
        course = Course(
            title=title,
            description=_text(cartridge.description)[:20_000],
            tags=list(dict.fromkeys(_line(word)[:100] for word in cartridge.keywords if _line(word)))[:30],
            category="continuing_education",
        )
        document = Document(
            format="collegium-course",
            version=1,
            made_at=datetime.now(UTC),
            made_by=f"Common Cartridge {cartridge.version}",
            course=course,
            modules=modules,
            files=list(self._files.values()),
            left_out=self._left_out[:2_000],
        )
        entries = {file.id: entry for entry, file in self._files.items()}
        return Plan(
            kind="common_cartridge",
            version=cartridge.version,
            document=document,
            entries=entries,
            findings=self._findings,
        )

    def _modules(self, title: str) -> list[Module]:
        """Folders on top are modules; what lies beside them goes into modules named after the course."""
        modules: list[Module] = []
        loose: list[Item] = []
        groups: list[tuple[str, list[tuple[str, Item]]]] = []
        for item in self._cartridge.items:
            if item.children:
                if loose:
                    groups.append((title, [("", one) for one in loose]))
                    loose = []
                groups.append((_line(item.title) or "Module", list(self._leaves(item))))
            else:
                loose.append(item)
        if loose:
            groups.append((title, [("", one) for one in loose]))
        for words, leaves in groups:
            lessons = [lesson for above, leaf in leaves if (lesson := self._lesson(leaf, above))]
            if not lessons:
                self._find("note", f"Module “{words}” is left out, because nothing in it can become a lesson.")
            for start in range(0, len(lessons), 1_000):
                part = lessons[start : start + 1_000]
                modules.append(Module(id=f"m{len(modules) + 1}", title=words, lessons=part))
        if len(modules) > 500:
            raise Refused(f"The cartridge has {len(modules)} modules, and 500 are the most.")
        return modules

    def _leaves(self, item: Item, above: str = "") -> Iterator[tuple[str, Item]]:
        if item.resource:
            yield above, item
        for child in item.children:
            if not child.children:
                yield above, child
                continue
            title = _line(child.title)
            words = (
                f"Folder “{title}” lies inside another one. Its lessons follow one another, with its name before them."
            )
            self._find("changed", words, file=protocol.MANIFEST, line=child.line, element="item")
            yield from self._leaves(child, f"{above}{title}: " if title else above)

    def _lesson(self, item: Item, above: str) -> Lesson | None:
        resource = self._cartridge.resources.get(item.resource or "")
        title = _line(item.title)
        if resource is None:
            if title:
                self._leave_out(title, "It has a title and no content.", line=item.line)
            return None
        self._used.update(path for path in (resource.href, *resource.files) if path and resource.kind != "content")
        why = "It is meant for instructors alone." if resource.for_teachers else _WAITING.get(resource.kind)
        if why:
            self._leave_out(title or resource.id, why, line=item.line)
            return None
        try:
            made = self._made(resource, title)
        except (CartridgeError, UnpackError) as error:
            self._leave_out(title or resource.id, str(error), file=resource.href or "", line=getattr(error, "line", 0))
            return None
        if made is None:
            return None
        self._lessons += 1
        return _named(made, f"l{self._lessons}", f"{above}{made.title}"[:200])

    def _made(self, resource: Resource, title: str) -> Lesson | None:
        path = resource.href or next(iter(resource.files), None)
        entry = self._entry(path) if path else None
        if entry is None:
            raise CartridgeError(f"Its file {path or ''} is not in the package.".replace("  ", " "))
        if resource.kind == "link":
            return self._link(entry, title)
        if resource.kind == "topic":
            return self._topic(entry, title)
        ending = _ending(entry)
        name = title or _line(posixpath.splitext(posixpath.basename(entry))[0])
        if ending in PAGES:
            return self._page(entry, title)
        file = self._file(entry)
        if file is None:
            raise CartridgeError("Its file is empty.")
        if ending == "pdf":
            return Lesson(id="l", title=name, type="pdf", document=file.id)
        if ending in FILMS:
            video = Video(provider="upload", original=file.id)
            return Lesson(id="l", title=name, type="video", completion_criteria="video_watched", video=video)
        if ending in IMAGES:
            return Lesson(id="l", title=name, type="text", blocks=[Image(file=file.id, alt_text=name)])
        attachment = Attachment(file=file.id)
        return Lesson(id="l", title=name, type="text", attachments=[attachment])

    def _page(self, entry: str, title: str) -> Lesson:
        text = markup.decode(self._archive.read(entry, LARGEST_PAGE))
        self._used.add(entry)
        blocks, attachments = self._body(text, entry)
        name = title or markup.title_of(text) or _line(posixpath.splitext(posixpath.basename(entry))[0])
        return Lesson(id="l", title=name, type="text", blocks=blocks, attachments=attachments)

    def _body(self, text: str, entry: str) -> tuple[list[Block], list[Attachment]]:
        """A page's text as blocks, its pictures as files, and what it links to as attachments."""
        here = posixpath.dirname(entry)
        attached: dict[str, Attachment] = {}
        films: list[Block] = []
        lost: list[str] = []

        def rewrite(tag: str, address: str) -> str | None:
            target = self._target(here, address)
            if target is None:
                if tag == "a" and not address.startswith("$"):
                    return address
                if address and not address.startswith("#"):
                    lost.append(address)
                return None
            if target in self._pages and _ending(target) in PAGES:
                lost.append(address)
                return None
            file = self._file(target)
            if file is None:
                return None
            if tag == "img":
                return f"{FILE_SCHEME}{file.id}"
            if tag in ("video", "source") and _ending(target) in FILMS:
                films.append(VideoBlock(file=file.id))
            elif tag in ("audio", "source"):
                films.append(FileBlock(file=file.id))
            elif _ending(target) not in _STYLES:
                attached.setdefault(target, Attachment(file=file.id))
            return None

        inside = markup.rewritten(text, rewrite)
        cleaned = format.cleaned(inside, self._clean)
        for loss in markup.losses(text, cleaned):
            times = f", {loss.times} times" if loss.times > 1 else ""
            self._find("cleaned", f"{loss.what} was taken out{times}.", file=entry, line=loss.line, element=loss.what)
        for address in dict.fromkeys(lost):
            self._find("changed", f"{address[:120]} cannot be kept: its words stay, the reference goes.", file=entry)
        if attached:
            number = len(attached)
            self._find(
                "changed",
                f"{number} linked {'file is' if number == 1 else 'files are'} attached to the lesson.",
                file=entry,
            )
        blocks: list[Block] = [RichText(html=cleaned)] if cleaned.strip() else []
        if len(attached) > MOST_ATTACHMENTS:
            self._find(
                "left_out",
                f"A lesson has room for {MOST_ATTACHMENTS} attachments, so the last are left out.",
                file=entry,
            )
        return [*blocks, *films], list(attached.values())[:MOST_ATTACHMENTS]

    def _target(self, here: str, address: str) -> str | None:
        """The entry that an address in a page means, if the package has it."""
        plain = address.replace("%24IMS-CC-FILEBASE%24", _FILE_BASE)
        if plain.startswith(_FILE_BASE):
            rest = plain.removeprefix(_FILE_BASE)
            tries = [
                ("web_resources", rest.lstrip("/")),
                (here, rest.lstrip("/")),
                ("", rest.lstrip("/")),
                (here, f"./{rest}"),
            ]
        else:
            tries = [(here, plain)]
        for folder, path in tries:
            found = protocol.resolve(folder, path)
            entry = self._entry(found) if found else None
            if entry:
                return entry
        return None

    def _link(self, entry: str, title: str) -> Lesson:
        link = protocol.parse_link(self._archive.read(entry, protocol.LARGEST_PART))
        name = title or _line(link.title) or "Link"
        address = _address(link.url)
        if address is None:
            raise CartridgeError(f"Its address is not one of the web: {link.url[:120]}")
        if address.startswith("https://") and len(address) <= 1_024:
            return Lesson(id="l", title=name, type="external_link", link=address)
        self._find(
            "changed", f"“{name}” leads to an address without encryption, so it became a text with a link.", file=entry
        )
        shown = html.escape(address)
        return Lesson(id="l", title=name, type="text", blocks=[RichText(html=f'<p><a href="{shown}">{shown}</a></p>')])

    def _topic(self, entry: str, title: str) -> Lesson:
        topic = protocol.parse_topic(self._archive.read(entry, protocol.LARGEST_PART))
        name = title or _line(topic.title) or "Discussion"
        text = (
            topic.text
            if topic.is_html
            else "".join(f"<p>{html.escape(one)}</p>" for one in topic.text.splitlines() if one.strip())
        )
        blocks, attachments = self._body(text, entry)
        for address in topic.attachments:
            target = self._target(posixpath.dirname(entry), address)
            file = self._file(target) if target else None
            if file:
                attachments.append(Attachment(file=file.id))
        del attachments[MOST_ATTACHMENTS:]
        self._find(
            "changed",
            f"“{name}” is a topic to discuss. Its text became a lesson: turn on the course's forum to discuss it.",
            file=entry,
        )
        return Lesson(id="l", title=name, type="text", blocks=blocks, attachments=attachments)

    def _entry(self, path: str) -> str | None:
        if path in self._archive:
            return path
        other = unicodedata.normalize("NFD" if unicodedata.is_normalized("NFC", path) else "NFC", path)
        return other if other in self._archive else None

    def _file(self, entry: str) -> File | None:
        self._used.add(entry)
        if entry in self._files:
            return self._files[entry]
        size = self._archive.entries[entry].size
        name = file_name(posixpath.basename(entry))
        if size == 0:
            self._find("left_out", f"{name} is empty.", file=entry)
            return None
        digest = self._archive.digest(entry, self._progress)
        ending = _ending(name) or "bin"
        made = File(
            id=f"f{len(self._files) + 1}", path=f"files/{digest}.{ending}", filename=name, bytes=size, sha256=digest
        )
        self._files[entry] = made
        return made

    def _tell_unused(self) -> None:
        unused = [
            entry
            for name, entry in self._archive.entries.items()
            if name not in self._used and _ending(name) not in _STYLES
        ]
        if unused:
            size = megabytes(sum(entry.size for entry in unused))
            names = ", ".join(entry.name for entry in unused[:5])
            more = f" and {len(unused) - 5} more" if len(unused) > 5 else ""
            self._find(
                "left_out",
                f"No lesson shows {len(unused)} file{'' if len(unused) == 1 else 's'} ({size}): {names}{more}.",
            )

    def _leave_out(self, what: str, why: str, *, file: str = protocol.MANIFEST, line: int = 0) -> None:
        self._left_out.append(LeftOut(what=what[:300] or "A part without a title", why=why[:500]))
        self._find("left_out", f"“{what}”: {why}", file=file, line=line)

    def _find(self, sort: Sort, words: str, *, file: str = "", line: int = 0, element: str = "") -> None:
        self._findings.append(Finding(sort=sort, words=words, file=file, line=line, element=element))


def file_name(name: str) -> str:
    """A name that a stored file may have: no folders, nothing invisible, at most 200 characters, its ending kept."""
    shown = "".join(
        " " if unicodedata.category(char)[0] == "C" else char for char in unicodedata.normalize("NFC", name)
    )
    shown = " ".join(shown.replace("/", " ").replace("\\", " ").split()).strip(" .") or "file"
    stem, ending = posixpath.splitext(shown)
    return stem[: 200 - len(ending)] + ending if len(ending) <= 12 else shown[:200]


def _named(lesson: Lesson, name: str, title: str) -> Lesson:
    return msgspec.structs.replace(lesson, id=name, title=title)


def _ending(name: str) -> str:
    ending = posixpath.splitext(name)[1].lower().removeprefix(".")
    return ending if ending.isascii() and ending.isalnum() and len(ending) <= 10 else ""


def _line(words: str) -> str:
    shown = "".join(" " if unicodedata.category(char)[0] == "C" else char for char in words)
    return " ".join(shown.split())[:200]


def _text(words: str) -> str:
    return "".join(char for char in words if char in "\n\t" or unicodedata.category(char)[0] != "C").strip()


def _address(url: str) -> str | None:
    """An address of the web, with what may not stand in one written as it may; None for anything else."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return None
    return quote(url.strip(), safe="/:?=&%#+,;@!~*'()[]$-._")
