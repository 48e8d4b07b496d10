"""The command line as a whole: what there is, and that nobody waits for what he did not ask for."""

from __future__ import annotations

import subprocess
import sys

from click.testing import CliRunner

from collegium.cli import main
from collegium.features.operations.commands import COMMANDS


def test_help_names_every_command() -> None:
    said = CliRunner().invoke(main, ["--help"]).output
    for name in (*COMMANDS, "serve", "worker", "migrate"):
        assert f"\n  {name} " in said


def test_an_unknown_command_is_said() -> None:
    done = CliRunner().invoke(main, ["bakcup"])
    assert done.exit_code == 2
    assert "No such command 'bakcup'" in done.output


def test_a_backup_does_not_wait_for_the_web() -> None:
    """What the site imports takes seconds; a command that a timer starts every hour does without."""
    asked = (
        "import sys; from collegium.features.operations.commands import command; command('backup'); print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    assert "collegium.features.operations.archives" in loaded
    assert not {"litestar", "pyhanko", "procrastinate", "jinja2"} & set(loaded)
