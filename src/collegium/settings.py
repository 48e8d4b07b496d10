"""What a site may be told from outside: environment variables ``COLLEGIUM_*`` or a file of ``NAME=value`` lines."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import msgspec

from collegium.kit.content import BadAddress, ContentOrigin

PREFIX = "COLLEGIUM_"
OTHERS = frozenset(PREFIX + name for name in ("SETTINGS", "PG_BIN", "VENV", "PYTHON"))
"""Variables that are read elsewhere: by ``load``, the embedded server's launcher and the scripts."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one site. ``docs/reference/settings.md`` explains each; a test holds the two together."""

    data_dir: Path = Path("data")
    """Folder for the database, files and keys."""
    database_url: str | None = None
    """Any PostgreSQL 15 or later; without it the embedded server under ``data_dir`` is used."""
    migrate_url: str | None = None
    """Connection of the owner of the tables, for migrations, when ``database_url`` is a role with fewer rights."""
    base_url: str = "http://127.0.0.1:8000"
    """How the site is reached from outside; links in mail and on certificates begin with it."""
    content_url: str | None = None
    """Where packages are played: a host that is not the site's, ``https://*.content.example.org``. Without it, on a
    site of this machine alone, ``http://*.localhost`` at the site's port; elsewhere no package is played."""
    content_hosts: str = ""
    """Hosts that packages may call beside their own, with commas between: ``lrs.example.org``."""
    host: str = "127.0.0.1"
    port: int = 8000
    processes: int = 1
    """Web processes."""
    run_worker: bool = True
    """Whether ``serve`` also runs background jobs; false where ``collegium worker`` runs them."""
    pool_size: int = 10
    """Database connections of each web process."""
    site_name: str = "Collegium"
    """Name of the association; stands on certificates and in mail."""
    secret_key: str | None = None
    """At least 32 characters; without it a key is made and kept in ``data_dir/secret.key``."""
    smtp_url: str | None = None
    """``smtp://user:password@host:587`` (STARTTLS when offered) or ``smtps://…:465``; without it mail waits."""
    mail_from: str = "Collegium <no-reply@localhost>"
    files_url: str | None = None
    """``s3://…``, ``gs://…`` or ``az://…``; without it files lie under ``data_dir/files``."""
    wal_archive: Path | None = None
    """Folder to which the embedded database hands over its write-ahead log, for recovery to a moment."""
    signing_key: Path | None = None
    """PKCS#12 file whose key signs certificates; without it the site makes its own."""
    signing_passphrase: str | None = None
    trust_proxy: bool = False
    """Whether the address of a visitor is taken from ``X-Forwarded-For``, as behind a proxy of yours."""
    log_format: str = "text"
    """``text`` for people, ``json`` for machines."""
    ffmpeg: str | None = None
    """Path of ffmpeg where it is not the system's."""
    uploads_dir: Path | None = None
    """Folder of uploads under way; without it ``data_dir/uploads``. Several machines that serve one site share it."""
    quota_person_gb: float = 50
    """Gigabytes that one person may store; 0 for no limit."""
    quota_site_gb: float = 0
    """Gigabytes that everybody together may store; 0 for no limit."""
    scan_command: str | None = None
    """Command that is given the path of each upload: exit 0 clean, 1 infected, anything else an error."""
    clamd: str | None = None
    """Address of a clamd that looks at each upload: a socket's path or ``host:port``."""
    video_prefix: str | None = None
    """Folder of the storage from which administrators may take videos by their key; without it none."""
    embed_hosts: str = ""
    """Hosts whose pages may be shown inside a lesson, with commas between: ``forms.example.org,maps.example.org``."""
    publish_without_review: bool = False
    """Whether the author of a course may publish it without an administrator's approval."""

    @property
    def content(self) -> ContentOrigin | None:
        """Where packages are played; None where nobody said it."""
        return ContentOrigin.of(self.content_url, self.base_url)

    @property
    def secure_cookies(self) -> bool:
        """Cookies travel over TLS only, where the site is reached by it."""
        return self.base_url.startswith("https://")


class SettingsError(Exception):
    """A setting has a value that cannot be used; the message names the variable."""


def _read_file(path: Path) -> dict[str, str]:
    values: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        name, separator, value = stripped.partition("=")
        if not separator:
            raise SettingsError(f"{path}, line {number}: expected NAME=value.")
        values[name.strip().removeprefix("export ").strip()] = value.strip().strip("\"'")
    return values


def load(environ: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """Settings from ``file`` (else the one that ``COLLEGIUM_SETTINGS`` names), overruled by the environment.

    Raises SettingsError for an unknown ``COLLEGIUM_`` variable or a value of the wrong kind.
    """
    env = dict(os.environ if environ is None else environ)
    path = file or (Path(env["COLLEGIUM_SETTINGS"]) if env.get("COLLEGIUM_SETTINGS") else None)
    values = {**(_read_file(path) if path else {}), **env}
    known = {PREFIX + field.upper(): field for field in Settings.__struct_fields__}
    raw: dict[str, str] = {}
    for name, value in values.items():
        if name in known:
            if value != "":
                raw[known[name]] = value
        elif name.startswith(PREFIX) and name not in OTHERS and not name.startswith(PREFIX + "TEST_"):
            raise SettingsError(f"{name} is not a setting. See docs/reference/settings.md.")
    try:
        settings = msgspec.convert(raw, Settings, strict=False, dec_hook=lambda kind, text: kind(text))
    except msgspec.ValidationError as error:
        raise SettingsError(f"A setting cannot be used: {error}") from None
    if settings.secret_key is not None and len(settings.secret_key) < 32:
        raise SettingsError("COLLEGIUM_SECRET_KEY must have at least 32 characters.")
    settings = msgspec.structs.replace(settings, base_url=settings.base_url.rstrip("/"))
    try:
        _ = settings.content
    except BadAddress as error:
        raise SettingsError(f"COLLEGIUM_CONTENT_URL cannot be used: {error}") from None
    return settings


def secret_key(settings: Settings) -> bytes:
    """The site's secret: the setting, else ``data_dir/secret.key``, made on first use, readable by its owner."""
    if settings.secret_key:
        return settings.secret_key.encode()
    path = settings.data_dir / "secret.key"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_bytes().strip()
