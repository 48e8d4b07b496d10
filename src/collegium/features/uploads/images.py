"""Pictures: opened, measured before they are unpacked, and written anew, so that nothing but the picture is left."""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path
from typing import Any, cast

from PIL import Image, ImageCms, ImageOps, ImageSequence, UnidentifiedImageError

from collegium.features.uploads.model import Refused

MOST_PIXELS = 50_000_000
MOST_SIDE = 16_000
MOST_FRAMES = 500
MOST_MOVING_PIXELS = 300_000_000
THUMBNAIL = (480, 320)
FORMATS = {"PNG": "png", "JPEG": "jpg", "GIF": "gif", "WEBP": "webp", "AVIF": "avif"}
_ANIMATED = {"GIF", "WEBP", "PNG", "AVIF"}


def clean(source: Path, target: Path) -> tuple[str, int, int]:
    """Writes the picture anew to ``target`` (without extension); answers extension, width and height.

    Metadata, colour profiles, comments and whatever stood behind the picture are gone. Raises Refused.
    """
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(source, formats=list(FORMATS)) as image:
                _measure(image)
                return _write(image, target)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise Refused(_too_large()) from None
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError) as error:
            raise Refused(
                "This picture is damaged or not what its beginning says. Open it in an image program and save it again."
            ) from error


def thumbnail(source: Path, target: Path) -> bool:
    """A small WebP picture of a picture; False when none can be made."""
    with contextlib.suppress(OSError, ValueError, SyntaxError), Image.open(source) as image:
        image.draft("RGB", (THUMBNAIL[0] * 2, THUMBNAIL[1] * 2))
        small = image.convert("RGBA" if _see_through(image) else "RGB")
        small.thumbnail(THUMBNAIL)
        small.save(target, "WEBP", quality=80)
        return True
    return False


def _too_large() -> str:
    return (
        f"This picture has too many pixels. At most {MOST_PIXELS // 1_000_000} million are taken: make it smaller, "
        "for example 4000 pixels wide, and upload it again."
    )


def _measure(image: Image.Image) -> None:
    width, height = image.size
    frames = int(getattr(image, "n_frames", 1))
    if width * height > MOST_PIXELS or max(width, height) > MOST_SIDE:
        raise Refused(_too_large())
    if frames > 1 and (frames > MOST_FRAMES or frames * width * height > MOST_MOVING_PIXELS):
        raise Refused("This moving picture is too long or too large. Upload it as a video instead.")


def _write(image: Image.Image, target: Path) -> tuple[str, int, int]:
    kind = str(image.format)
    extension = FORMATS[kind]
    if kind in _ANIMATED and int(getattr(image, "n_frames", 1)) > 1:
        return _write_frames(image, kind, target)
    flat = _flat(image)
    options: dict[str, Any] = {
        "JPEG": {"quality": 92, "optimize": True, "progressive": True},
        "PNG": {"optimize": False},
        "WEBP": {"quality": 90, "method": 4},
        "AVIF": {"quality": 80},
        "GIF": {},
    }[kind]
    if kind == "JPEG":
        flat = flat if flat.mode in ("L", "RGB") else flat.convert("RGB")
    flat.save(target, kind, **options)
    return extension, flat.width, flat.height


def _flat(image: Image.Image) -> Image.Image:
    """The picture upright and in sRGB, holding nothing else."""
    image.load()
    profile = image.info.get("icc_profile")
    upright = ImageOps.exif_transpose(image)
    if profile and upright.mode in ("RGB", "RGBA", "L", "CMYK"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
            mode = "RGBA" if upright.mode == "RGBA" else "RGB"
            made = ImageCms.profileToProfile(
                upright,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                cast("Any", ImageCms).createProfile("sRGB"),
                outputMode=mode,
            )
            upright = made or upright
    bare = upright.copy()
    transparency = upright.info.get("transparency")
    bare.info = {} if transparency is None else {"transparency": transparency}
    return bare


def _write_frames(image: Image.Image, kind: str, target: Path) -> tuple[str, int, int]:
    frames: list[Image.Image] = []
    durations: list[int] = []
    for frame in ImageSequence.Iterator(image):
        durations.append(max(20, int(frame.info.get("duration", 100) or 100)))
        bare = frame.convert("RGBA")
        bare.info = {}
        frames.append(bare)
    loop = int(image.info.get("loop", 0) or 0)
    options: dict[str, Any] = {"disposal": 2} if kind == "GIF" else {}
    frames[0].save(target, kind, save_all=True, append_images=frames[1:], duration=durations, loop=loop, **options)
    return FORMATS[kind], image.width, image.height


def _see_through(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
