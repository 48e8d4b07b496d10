"""The commands that features add to the command line. Each is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module

import click

# What a command needs takes a second or two to import: who asks for one does not wait for the others.
COMMANDS = {
    "audit": "collegium.features.audit.commands",
    "backup": "collegium.features.operations.archives",
    "demo": "collegium.features.demo.commands",
    "doctor": "collegium.features.operations.doctor",
    "maintenance": "collegium.features.operations.maintenance_commands",
    "postgres": "collegium.features.operations.postgres",
    "restore": "collegium.features.operations.archives",
    "user": "collegium.features.people.commands",
}


def command(name: str) -> click.Command:
    """One of `COMMANDS`, by its name."""
    found = getattr(import_module(COMMANDS[name]), name)
    assert isinstance(found, click.Command)  # noqa: S101
    return found
