"""``collegium audit`` on a real database, and the jobs by the clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from collegium.app import load_jobs
from collegium.cli import main
from collegium.kit import db
from collegium.kit.jobs import REGISTRY, run_now
from collegium.kit.site import Site
from tests.features.audit.conftest import Tamper
from tests.support.database import Database, run
from tests.support.people import Person, add_person
from tests.support.site import Client

Command = Callable[..., Result]


@pytest.fixture
def command(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `collegium audit …`."""
    monkeypatch.setenv("COLLEGIUM_DATABASE_URL", database.dsn_web)
    monkeypatch.setenv("COLLEGIUM_MIGRATE_URL", database.dsn_owner)
    monkeypatch.setenv("COLLEGIUM_DATA_DIR", str(tmp_path))
    runner = CliRunner()

    def invoke(*words: str) -> Result:
        return runner.invoke(main, ["audit", *words])

    return invoke


def test_verify_says_that_the_log_is_whole(command: Command, database: Database) -> None:
    run(add_person(database))
    done = command("verify")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("The log is whole: ")
    report = json.loads(command("verify", "--json").stdout)
    assert (report["good"], report["findings"], report["unsealed"]) == (True, [], 0)
    assert report["hash"] in done.output


def test_verify_names_what_is_wrong_and_fails(command: Command, database: Database, tamper: Tamper) -> None:
    run(add_person(database))
    assert command("verify").exit_code == 0
    run(tamper("update public.audit_logs set actor_role = 'forger' where position = 1"))
    done = command("verify")
    assert done.exit_code == 1
    assert "ALTERED" in done.output
    assert "at position 1 (profiles " in done.output
    assert "The log is NOT whole: 1 findings" in done.output
    answer = command("verify", "--json")
    assert answer.exit_code == 1
    [finding] = json.loads(answer.stdout)["findings"]
    assert (finding["kind"], finding["position"], finding["table_name"]) == ("altered", 1, "profiles")


def test_verify_since_a_day_without_a_root_says_what_to_do(command: Command) -> None:
    done = command("verify", "--since", "2020-01-01")
    assert done.exit_code == 1
    assert "Leave --since out" in done.output


def test_export_writes_lines_without_personal_values(command: Command, database: Database, tmp_path: Path) -> None:
    person: Person = run(add_person(database, first_name="Olga"))
    today = datetime.now(UTC).date().isoformat()
    file = tmp_path / "log.jsonl"
    done = command("export", "--from", today, "--to", today, str(file))
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert f"{len(lines)} rows." in done.output
    assert [line["position"] for line in lines] == list(range(1, len(lines) + 1))
    assert any(line["subject"] == str(person.id) for line in lines)
    assert "Olga" not in file.read_text(encoding="utf-8")
    assert command("export", "--from", "2020-01-01", "--to", "2020-01-02", str(file)).exit_code == 0
    assert file.read_text(encoding="utf-8") == ""
    assert command("export", "--from", today, "--to", "2020-01-01", str(file)).exit_code == 2


async def test_the_jobs_seal_and_sign(site: Site, database: Database, olga: Person) -> None:
    load_jobs()
    assert (REGISTRY["audit.seal"].cron, REGISTRY["audit.close_day"].cron) == ("* * * * *", "7 * * * *")
    await run_now(site, "audit.seal", {})
    async with database.connect() as owner:
        assert await owner.fetchval("select count(*) from public.audit_logs where position is null") == 0
    for _ in range(2):
        await run_now(site, "audit.close_day", {})
    async with database.connect() as owner:
        assert await owner.fetchval("select count(*) from public.audit_roots where exported_key is not null") == 1


async def test_a_request_is_named_beside_its_changes(client: Client, database: Database, olga: Person) -> None:
    await client.login(olga)
    answer = await client.post_form("/sign-out")
    assert answer.status_code == 303
    signed_in = await client.post_form("/sign-in", {"email": olga.email, "password": "not the password"})
    async with database.connect() as owner:
        row = await owner.fetchrow(
            "select request_id, after, actor_role from public.audit_logs where table_name = 'login_attempts' order by id desc limit 1"
        )
    assert row
    assert row["request_id"] == signed_in.headers["x-request-id"]
    assert json.loads(row["after"])["reason"] == "wrong_password"


@pytest.mark.parametrize("name", ["", "a'b", 'a"b', "a b", "a\nb", "x" * 65, "é"])
def test_a_requests_name_cannot_leave_its_place(name: str) -> None:
    with pytest.raises(ValueError, match="not a request's name"):
        db.note_request(name)
