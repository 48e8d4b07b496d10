"""The commands that features add to the command line."""

from __future__ import annotations

import click

from collegium.features.audit.commands import audit
from collegium.features.demo.commands import demo
from collegium.features.operations.archives import backup, restore
from collegium.features.operations.doctor import doctor
from collegium.features.operations.maintenance_commands import maintenance
from collegium.features.operations.postgres import postgres
from collegium.features.people.commands import user

COMMANDS: tuple[click.Command, ...] = (audit, backup, demo, doctor, maintenance, postgres, restore, user)
