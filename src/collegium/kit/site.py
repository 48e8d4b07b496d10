"""One running site: its settings, database, files and secrets, handed to everything that needs them."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from functools import cached_property

from collegium import settings as settings_module
from collegium.kit.db import Database
from collegium.kit.storage import MediaSigner, Storage
from collegium.settings import Settings


@dataclass
class Site:
    """What a request or a job works with."""

    settings: Settings
    db: Database
    storage: Storage
    secret: bytes = field(repr=False)
    # The login of the tables' owner, where this process knows one: for work on the schema, never for a request.
    owner_dsn: str | None = field(default=None, repr=False)

    @classmethod
    def build(cls, settings: Settings, db: Database, owner_dsn: str | None = None) -> Site:
        """The site for these settings; makes the secret key when there is none."""
        return cls(
            settings=settings,
            db=db,
            storage=Storage.from_url(settings.files_url, settings.data_dir),
            secret=settings_module.secret_key(settings),
            owner_dsn=owner_dsn,
        )

    def key(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose, derived from the site's secret, so that no two uses share one."""
        return hmac.new(self.secret, f"collegium/{purpose}".encode(), hashlib.sha256).digest()

    @cached_property
    def media_signer(self) -> MediaSigner:
        """Signs and checks the links by which media is fetched."""
        return MediaSigner(self.key("media"))

    def url(self, path: str) -> str:
        """A path as an absolute address, for mail and documents."""
        return self.settings.base_url + path
