"""Media types of files as web servers give them, by the ending of their name."""

from __future__ import annotations

UNKNOWN = "application/octet-stream"
# Pages and texts say their encoding themselves; one given here would overrule them.
TYPES = {
    "html": "text/html", "htm": "text/html", "xhtml": "application/xhtml+xml", "css": "text/css",
    "js": "text/javascript", "mjs": "text/javascript", "json": "application/json", "map": "application/json",
    "xml": "application/xml", "xsd": "application/xml", "dtd": "application/xml-dtd", "xsl": "application/xml",
    "xslt": "application/xml", "txt": "text/plain", "csv": "text/csv", "md": "text/plain", "log": "text/plain",
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "jpe": "image/jpeg", "gif": "image/gif",
    "webp": "image/webp", "avif": "image/avif", "svg": "image/svg+xml", "bmp": "image/bmp", "ico": "image/x-icon",
    "cur": "image/x-icon", "tif": "image/tiff", "tiff": "image/tiff",
    "mp4": "video/mp4", "m4v": "video/mp4", "webm": "video/webm", "ogv": "video/ogg", "mov": "video/quicktime",
    "avi": "video/x-msvideo", "wmv": "video/x-ms-wmv", "flv": "video/x-flv", "f4v": "video/mp4", "mpg": "video/mpeg",
    "mpeg": "video/mpeg", "m3u8": "application/vnd.apple.mpegurl", "ts": "video/mp2t", "m4s": "video/iso.segment",
    "mp3": "audio/mpeg", "m4a": "audio/mp4", "aac": "audio/aac", "ogg": "audio/ogg", "oga": "audio/ogg",
    "opus": "audio/ogg", "wav": "audio/wav", "wma": "audio/x-ms-wma", "flac": "audio/flac", "mid": "audio/midi",
    "vtt": "text/vtt; charset=utf-8", "srt": "text/plain", "ttml": "application/ttml+xml",
    "woff": "font/woff", "woff2": "font/woff2", "ttf": "font/ttf", "otf": "font/otf",
    "eot": "application/vnd.ms-fontobject",
    "pdf": "application/pdf", "wasm": "application/wasm", "swf": "application/x-shockwave-flash",
    "zip": "application/zip", "epub": "application/epub+zip", "rtf": "application/rtf",
    "doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "glb": "model/gltf-binary", "gltf": "model/gltf+json", "unityweb": "application/vnd.unity",
}  # fmt: skip


def of(name: str) -> str:
    """The media type that the ending of a file's name stands for."""
    return TYPES.get(name.rpartition("/")[2].rpartition(".")[2].lower(), UNKNOWN)
