"""Commands of an administrator: people, demo data, the state of the installation."""

from __future__ import annotations

import click

COMMANDS: list[click.Command] = []
