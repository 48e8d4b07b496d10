"""Captions of a lesson's video in several languages, and the transcript that follows from the default one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from collegium.features.media import captions
from collegium.features.media.captions import CaptionError
from collegium.features.media.model import Cue
from collegium.features.media.sources import LessonVideo, need_video
from collegium.features.media.store import Q, captions_key
from collegium.kit.db import Transaction
from collegium.kit.errors import Conflict, Invalid, NotFound
from collegium.kit.site import Site
from collegium.kit.storage import Missing

# Languages that captions can be in, by their own names.
LANGUAGES: dict[str, str] = {
    "en": "English", "es": "Español", "fr": "Français", "de": "Deutsch", "it": "Italiano", "pt": "Português",
    "pt-BR": "Português (Brasil)", "nl": "Nederlands", "sv": "Svenska", "da": "Dansk", "nb": "Norsk bokmål",
    "fi": "Suomi", "is": "Íslenska", "pl": "Polski", "cs": "Čeština", "sk": "Slovenčina", "sl": "Slovenščina",
    "hr": "Hrvatski", "sr": "Српски", "bs": "Bosanski", "mk": "Македонски", "bg": "Български", "ro": "Română",
    "hu": "Magyar", "el": "Ελληνικά", "tr": "Türkçe", "ru": "Русский", "uk": "Українська", "et": "Eesti",
    "lv": "Latviešu", "lt": "Lietuvių", "ga": "Gaeilge", "cy": "Cymraeg", "ca": "Català", "eu": "Euskara",
    "gl": "Galego", "sq": "Shqip", "mt": "Malti", "ar": "العربية", "he": "עברית", "fa": "فارسی", "ur": "اردو",
    "hi": "हिन्दी", "bn": "বাংলা", "pa": "ਪੰਜਾਬੀ", "ta": "தமிழ்", "te": "తెలుగు", "zh-Hans": "简体中文",
    "zh-Hant": "繁體中文", "ja": "日本語", "ko": "한국어", "vi": "Tiếng Việt", "th": "ไทย", "id": "Bahasa Indonesia",
    "ms": "Bahasa Melayu", "fil": "Filipino", "sw": "Kiswahili", "am": "አማርኛ", "ht": "Kreyòl ayisyen",
}  # fmt: skip


def read(text: bytes | str) -> list[Cue]:
    """The captions of a WebVTT or SubRip file. Raises Invalid with line and column of what is wrong."""
    try:
        return captions.parse(text)
    except CaptionError as error:
        raise Invalid(str(error), code="captions_unreadable") from None


async def put(site: Site, tx: Transaction, lesson_id: UUID, lang: str, cues: Sequence[Cue], before: str | None) -> None:
    """Keeps the captions of one language, in place of those with the key `before` (None: there are none yet).

    Captions of the default language, which the first is, also become the transcript. Raises NotFound, Invalid, and
    Conflict when somebody else has changed these captions meanwhile.
    """
    if lang not in LANGUAGES:
        raise Invalid("Choose the language of the captions.", code="no_such_language")
    video = await need_video(tx, lesson_id)
    old = track(video, lang)
    if (old["key"] if old else None) != before:
        raise Conflict(
            "Somebody else has changed these captions since you opened them. Yours are still below, and were not saved "
            "over theirs: open the captions in another window, bring in what is missing, and save there."
            if old
            else "These captions were removed meanwhile. Yours are still below, and were not saved.",
            code="captions_changed",
        )
    text = captions.write_vtt(cues).encode()
    key = captions_key(video.id, lang, text)
    made = {
        "key": key,
        "lang": lang,
        "label": LANGUAGES[lang],
        "default": old["default"] if old else not video.captions,
    }
    await site.storage.put(key, text)
    kept = [made if one is old else one for one in video.captions] + ([] if old else [made])
    await _keep(tx, lesson_id, video, kept, cues if made["default"] else None)


async def make_default(site: Site, tx: Transaction, lesson_id: UUID, lang: str) -> None:
    """Makes one language the default: its captions come first, and its words are the transcript."""
    video = await need_video(tx, lesson_id)
    kept = [{**one, "default": one["lang"] == lang} for one in video.captions]
    await _keep(tx, lesson_id, video, kept, await cues_of(site, video, lang))


async def remove(site: Site, tx: Transaction, lesson_id: UUID, lang: str) -> None:
    """Removes the captions of one language. Of those that stay, the first becomes the default where there is none."""
    video = await need_video(tx, lesson_id)
    kept = [one for one in video.captions if one["lang"] != lang]
    if len(kept) == len(video.captions):
        raise _none(lang)
    if any(one["default"] for one in kept):
        await _keep(tx, lesson_id, video, kept, None)
    elif kept:
        kept[0] = {**kept[0], "default": True}
        await _keep(tx, lesson_id, video, kept, await cues_of(site, video, kept[0]["lang"]))
    else:
        await _keep(tx, lesson_id, video, [], [])


async def _keep(
    tx: Transaction, lesson_id: UUID, video: LessonVideo, kept: list[dict[str, Any]], heard: Sequence[Cue] | None
) -> None:
    words = video.transcript if heard is None else [msgspec.to_builtins(cue) for cue in captions.transcript(heard)]
    await tx.execute(Q.set_captions, lesson_id, video.captions, kept, words)


def track(video: LessonVideo, lang: str) -> dict[str, Any] | None:
    """The captions of one language as they are noted with the video; None when there are none."""
    return next((one for one in video.captions if one["lang"] == lang), None)


async def cues_of(site: Site, video: LessonVideo, lang: str) -> list[Cue]:
    """The captions of one language. Raises NotFound."""
    found = track(video, lang)
    if found is None:
        raise _none(lang)
    try:
        return captions.parse_vtt(await site.storage.get(found["key"]))
    except (Missing, CaptionError):
        raise NotFound("The file of these captions is not there any more. Upload it again.") from None


def _none(lang: str) -> NotFound:
    return NotFound(f"This video has no captions in {LANGUAGES.get(lang, 'this language')}.")
