"""``collegium user`` on a real database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from collegium.cli import main
from collegium.features.people import passwords
from tests.support.database import Database, run
from tests.support.people import Person
from tests.support.site import make_settings, make_site

PASSWORD = "seven brass lanterns"
Command = Callable[..., Result]


@pytest.fixture
def command(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `collegium user …`; further lines are typed at its prompts."""
    monkeypatch.setenv("COLLEGIUM_DATABASE_URL", database.dsn_web)
    monkeypatch.setenv("COLLEGIUM_MIGRATE_URL", database.dsn_owner)
    monkeypatch.setenv("COLLEGIUM_DATA_DIR", str(tmp_path))
    runner = CliRunner()

    def invoke(*words: str, typed: str = "") -> Result:
        return runner.invoke(main, ["user", *words], input=typed)

    return invoke


def account(database: Database, email: str) -> Any:
    async def read() -> Any:
        async with database.connect() as owner:
            return await owner.fetchrow(
                "select p.id, p.role::text as role, p.first_name, u.encrypted_password as kept,"
                " u.email_confirmed_at is not null as confirmed from public.profiles p join auth.users u on u.id = p.id"
                " where p.email = $1",
                email,
            )

    return run(read())


def test_the_first_administrator(command: Command, database: Database) -> None:
    done = command(
        "add", "Boss@Guild.test", "--first", "Nadia", "--last", "Verhoeven", "--role", "super_admin",
        typed=f"{PASSWORD}\n{PASSWORD}\n",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert PASSWORD not in done.output
    row = account(database, "boss@guild.test")
    assert (row["role"], row["first_name"], row["confirmed"]) == ("super_admin", "Nadia", True)
    assert run(passwords.is_right(row["kept"], PASSWORD))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "ada", "--first", "A", "--last", "B", "--password", PASSWORD], "e-mail address"),
        (["add", "ada@guild.test", "--first", " ", "--last", "B", "--password", PASSWORD], "first name"),
        (["add", "ada@guild.test", "--first", "A", "--last", "B", "--password", "short"], "5 characters"),
        (["role", "ada@guild.test", "admin"], "Nobody has the address"),
        (["password", "ada@guild.test", "--password", PASSWORD], "Nobody has the address"),
        (["sessions", "ada@guild.test"], "Nobody has the address"),
    ],
)
def test_a_mistake_is_one_sentence(command: Command, words: list[str], said: str) -> None:
    done = command(*words)
    assert done.exit_code == 1
    assert said in done.output
    assert "Traceback" not in done.output


def test_an_address_has_one_account(command: Command, make_person: Callable[..., Person], database: Database) -> None:
    person = make_person()
    done = command("add", person.email, "--first", "A", "--last", "B", "--role", "admin", "--password", PASSWORD)
    assert done.exit_code == 1
    assert "has an account already" in done.output
    assert account(database, person.email)["role"] == "student"


def test_the_list_begins_with_administrators(command: Command, make_person: Callable[..., Person]) -> None:
    assert "Nobody yet" in command("list").output
    student, admin = make_person(), make_person("admin", confirmed=False)
    lines = command("list").output.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [admin.email, student.email]
    assert command("list", "--role", "student").output.count("@") == 1


def test_roles_are_given_and_taken(command: Command, make_person: Callable[..., Person], database: Database) -> None:
    person = make_person()
    assert command("role", person.email, "instructor").exit_code == 0
    assert account(database, person.email)["role"] == "instructor"
    assert command("role", person.email, "emperor").exit_code == 2
    assert command("role", person.email.upper(), "student").exit_code == 0
    assert account(database, person.email)["role"] == "student"


def test_a_new_password_and_the_sessions(
    command: Command, make_person: Callable[..., Person], database: Database, tmp_path: Path
) -> None:
    person = make_person()

    async def open_one() -> None:
        from collegium.features.people import service
        from collegium.kit.db import SYSTEM

        site = make_site(make_settings(database, tmp_path))
        await site.db.start()
        async with site.db.transaction(SYSTEM) as tx:
            browser = service.Browser("203.0.113.9", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
            await service.open_session(tx, person.id, service.new_token(), browser)
        await site.db.stop()

    run(open_one())
    shown = command("sessions", person.email).output
    assert "Firefox on Linux" in shown
    assert "203.0.113.9" in shown
    assert "1 browser signed out" in command("sessions", person.email, "--revoke").output
    assert "not signed in anywhere" in command("sessions", person.email).output
    run(open_one())
    assert "1 browser signed out" in command("password", person.email, "--password", PASSWORD).output
    assert run(passwords.is_right(account(database, person.email)["kept"], PASSWORD))
