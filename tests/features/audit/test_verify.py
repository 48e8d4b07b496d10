"""Checking the log on a real database: each kind of tampering is found, and named."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from collegium.features.audit import roots, service
from collegium.kit.db import SYSTEM
from collegium.kit.errors import Invalid
from collegium.kit.site import Site
from tests.features.audit.conftest import Tamper
from tests.support.database import Database
from tests.support.people import Person, add_person

Kinds = Callable[..., Awaitable[list[tuple[str, int | None]]]]
TODAY = datetime.now(UTC).date()
YESTERDAY = TODAY - timedelta(days=1)
pytestmark = pytest.mark.usefixtures("olga")


async def test_a_whole_log_is_whole(site: Site, kinds: Kinds) -> None:
    first = await service.verify(site)
    assert first.good
    assert first.rows == first.last == first.sealed_now > 12
    assert (first.unsealed, first.first) == (0, 1)
    again = await service.verify(site)
    assert (again.sealed_now, again.hash) == (0, first.hash)
    assert await kinds() == []


@pytest.mark.parametrize(
    "change",
    [
        "before = '{\"role\": \"student\"}'",
        "after = null",
        "at = at - interval '1 microsecond'",
        "actor = gen_random_uuid()",
        "actor_role = 'super_admin'",
        "request_id = 'another'",
        "txid = txid + 1",
        "table_name = 'courses'",
        "record_id = 'x' || record_id",
        "operation = 'DELETE'",
        "subject = null",
        "changed = '{last_name}'",
        "personal = null",
        "hash = sha256('x')",
        "previous_hash = sha256('x')",
        "id = default",
    ],
    ids=lambda change: change.split(" ")[0],
)  # fmt: skip
async def test_an_altered_row_is_named(site: Site, kinds: Kinds, tamper: Tamper, change: str) -> None:
    await service.seal(site)
    if change.startswith("id"):
        await tamper("alter table public.audit_personal_values drop constraint audit_personal_values_audit_id_fkey")
    await tamper(f"update public.audit_logs set {change} where position = 6")
    found = await kinds()
    assert ("altered", 6) in found
    assert {place for kind, place in found if kind in ("altered", "removed", "inserted", "moved")} == {6}


async def test_what_is_said_names_the_row_and_the_record(site: Site, tamper: Tamper, olga: Person) -> None:
    await service.seal(site)
    await tamper("update public.audit_logs set actor_role = 'super_admin' where position = 6")
    [finding] = (await service.verify(site)).findings
    assert (finding.table_name, finding.record_id) == ("profiles", str(olga.id))
    assert finding.words == (
        f"Row {finding.id} at position 6 (profiles {olga.id}) was altered: its hash does not fit what it says."
    )


async def test_an_altered_row_whose_hash_was_made_anew_is_named(site: Site, kinds: Kinds, tamper: Tamper) -> None:
    await service.seal(site)
    await tamper("update public.audit_logs set actor_role = 'forger' where position = 6")
    await tamper(
        "update public.audit_logs l set hash = sha256(previous_hash || convert_to(private.audit_text(l, l.position), 'UTF8'))"
        " where position = 6"
    )
    assert await kinds() == [("altered", 6)]


@pytest.mark.parametrize("renumber", [False, True])
async def test_a_removed_row_is_named(site: Site, kinds: Kinds, tamper: Tamper, renumber: bool) -> None:
    await service.seal(site)
    await tamper("delete from public.audit_logs where position in (5, 6)")
    if renumber:
        await tamper("drop index public.idx_audit_logs_position")
        await tamper("update public.audit_logs set position = position - 2 where position > 6")
    assert await kinds() == [("removed", 5)]


async def test_a_removed_end_is_noticed_also_after_the_log_went_on(
    site: Site, kinds: Kinds, tamper: Tamper, database: Database
) -> None:
    await service.seal(site)
    last = (await service.verify(site)).last
    await tamper("delete from public.audit_logs where position > $1", last - 3)
    assert await kinds() == [("removed", last - 2)]
    await add_person(database)
    assert await kinds() == [("removed", last - 2)]


@pytest.mark.parametrize("renumber", [False, True])
async def test_an_inserted_row_is_named(site: Site, kinds: Kinds, tamper: Tamper, renumber: bool) -> None:
    await service.seal(site)
    await tamper("drop index public.idx_audit_logs_position")
    if renumber:
        await tamper("update public.audit_logs set position = position + 1 where position >= 6")
    await tamper(
        "insert into public.audit_logs (txid, actor_role, table_name, record_id, operation, position, previous_hash, hash)"
        " select 1, 'forger', 'grades', 'slipped in', 'INSERT', 6, previous_hash, sha256('x')"
        " from public.audit_logs where position = 5"
    )
    report = await service.verify(site)
    assert [(finding.kind, finding.record_id) for finding in report.findings] == [("inserted", "slipped in")]
    await tamper(
        "update public.audit_logs l set previous_hash = (select hash from public.audit_logs where position = 5),"
        " hash = sha256((select hash from public.audit_logs where position = 5)"
        " || convert_to(private.audit_text(l, 6), 'UTF8')) where record_id = 'slipped in'"
    )
    report = await service.verify(site)
    assert [(finding.kind, finding.record_id) for finding in report.findings] == [("inserted", "slipped in")]


async def test_rows_in_another_order_are_named(site: Site, kinds: Kinds, tamper: Tamper) -> None:
    await service.seal(site)
    await tamper("drop index public.idx_audit_logs_position")
    await tamper("update public.audit_logs set position = 13 - position where position in (4, 9)")
    assert await kinds() == [("moved", 4), ("moved", 9)]


# Personal values --------------------------------------------------------------------------------------------


async def test_an_altered_personal_value_is_named(site: Site, tamper: Tamper, olga: Person) -> None:
    await tamper(
        'update public.audit_personal_values set after = after || \'{"first_name": "Eve"}\''
        " where after ->> 'first_name' = 'Olga 7'"
    )
    [finding] = (await service.verify(site)).findings
    assert (finding.kind, finding.record_id) == ("personal_altered", str(olga.id))
    assert finding.words.endswith("has a personal value that was altered: first_name, after.")


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("update public.audit_personal_values set salt = sha256('x')", "personal_altered"),
        ("update public.audit_personal_values set before = null", "personal_removed"),
        ("delete from public.audit_personal_values", "personal_removed"),
    ],
    ids=["salt", "side", "row"],
)  # fmt: skip
async def test_personal_values_that_do_not_fit(
    kinds: Kinds, tamper: Tamper, olga: Person, change: str, kind: str
) -> None:
    await tamper(f"{change} where subject = $1", olga.id)
    assert {found for found, _ in await kinds()} == {kind}


async def test_erasing_a_person_leaves_the_log_whole(site: Site, database: Database, olga: Person) -> None:
    before = await service.verify(site)
    async with database.connect() as owner:
        await owner.execute("delete from auth.users where id = $1", olga.id)
    async with site.db.transaction(SYSTEM) as tx:
        assert await service.erase_person(tx, olga.id) >= 14
    after = await service.verify(site)
    assert after.good, after.findings
    assert after.last > before.last
    async with database.connect() as owner:
        for table in ("audit_logs", "audit_personal_values"):
            said = await owner.fetchval(f"select string_agg(t::text, ' ') from public.{table} t")
            for word in ("Olga", "Marsh", olga.email):
                assert word not in (said or ""), (table, word)


async def test_erasing_is_no_cover_for_what_is_altered(site: Site, kinds: Kinds, tamper: Tamper, olga: Person) -> None:
    async with site.db.transaction(SYSTEM) as tx:
        await service.erase_person(tx, olga.id)
    await service.seal(site)
    await tamper("update public.audit_logs set after = '{}' where position = 6")
    assert await kinds() == [("altered", 6)]


# Roots ------------------------------------------------------------------------------------------------------

REWRITE = """
do $$
declare
    v_row public.audit_logs;
    v_hash bytea := decode(repeat('00', 32), 'hex');
begin
    for v_row in select * from public.audit_logs where position is not null order by position loop
        update public.audit_logs set previous_hash = v_hash,
            hash = sha256(v_hash || convert_to(private.audit_text(v_row, v_row.position), 'UTF8'))
        where id = v_row.id returning hash into v_hash;
    end loop;
    update private.audit_head set hash = v_hash;
end $$
"""


async def test_a_root_is_made_once_and_its_file_says_the_same(site: Site) -> None:
    root = await service.close_day(site)
    assert root
    assert (root.day, root.rows) == (YESTERDAY, root.position)
    assert await service.close_day(site) is None
    kept = json.loads(await site.storage.get(f"audit/{YESTERDAY:%Y/%m-%d}.json"))
    assert (kept["hash"], kept["position"]) == (root.hash.hex(), root.position)
    assert kept["signed_text"] == roots.text_of(root)
    report = await service.verify(site)
    assert (report.good, report.roots) == (True, 1)


async def test_a_log_that_was_written_anew_is_found_after_the_day(site: Site, kinds: Kinds, tamper: Tamper) -> None:
    root = await service.close_day(site)
    assert root
    await tamper("update public.audit_logs set actor_role = 'forger' where position = 6")
    await tamper(REWRITE)
    assert await kinds() == [("root", root.position)]


async def test_without_a_root_a_log_written_anew_is_not_found(kinds: Kinds, site: Site, tamper: Tamper) -> None:
    """The limit, said in the decision: until the day's root is signed the owner of the database is trusted."""
    await service.seal(site)
    await tamper("update public.audit_logs set actor_role = 'forger' where position = 6")
    await tamper(REWRITE)
    assert await kinds() == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("update public.audit_roots set hash = sha256('x')", "was altered: its signature does not fit"),
        ("update public.audit_roots set signature = sha256('x')", "was altered: its signature does not fit"),
        ("update public.audit_roots set rows = rows - 1", "was altered: its signature does not fit"),
        ("update public.audit_roots set key_id = repeat('0', 64)", "was signed with a key that this site does not know"),
        ("update public.audit_roots set day = day - 1", "was altered: its signature does not fit"),
        ("delete from public.audit_roots", "belongs to a root that was removed from the database"),
    ],
    ids=["hash", "signature", "rows", "key", "day", "removed"],
)  # fmt: skip
async def test_an_edited_root_is_named(site: Site, tamper: Tamper, change: str, words: str) -> None:
    await service.close_day(site)
    await tamper(change)
    found = (await service.verify(site)).findings
    assert {finding.kind for finding in found} == {"root"}
    assert any(words in finding.words for finding in found), found


async def test_a_root_that_was_removed_is_not_signed_anew(site: Site, kinds: Kinds, tamper: Tamper) -> None:
    await service.close_day(site)
    await tamper("delete from public.audit_roots")
    assert await service.close_day(site) is None
    assert await kinds() == [("root", None)]


async def test_an_edited_or_lost_file_is_named(site: Site, tamper: Tamper) -> None:
    root = await service.close_day(site)
    assert root
    key = roots.key_of(root.day)
    kept = await site.storage.get(key)
    for content, words in (
        (kept.replace(b"position", b"positoin"), "cannot be read"),
        (kept.replace(root.signature.hex().encode(), b"00" * len(root.signature)), "one of them was altered"),
        (None, "has lost its file"),
    ):
        await site.storage.delete(key) if content is None else await site.storage.put(key, content)
        [finding] = (await service.verify(site)).findings
        assert words in finding.words


async def test_a_root_that_was_removed_between_two_is_noticed(site: Site, tamper: Tamper, database: Database) -> None:
    for back in (3, 2, 1):
        await add_person(database)
        await service.close_day(site, TODAY - timedelta(days=back))
    assert (await service.verify(site)).good
    await tamper("delete from public.audit_roots where day = $1", TODAY - timedelta(days=2))
    words = [finding.words for finding in (await service.verify(site)).findings]
    assert any("a root was removed between them" in word for word in words)


async def test_since_begins_at_the_root_of_the_day_before(
    site: Site, kinds: Kinds, tamper: Tamper, database: Database
) -> None:
    root = await service.close_day(site)
    assert root
    await add_person(database)
    report = await service.verify(site, TODAY)
    assert report.good
    assert (report.first, report.rows) == (root.position + 1, report.last - root.position)
    await tamper("update public.audit_logs set actor_role = 'forger' where position in (6, $1)", root.position + 1)
    assert await kinds(since=TODAY) == [("altered", root.position + 1)]
    with pytest.raises(Invalid):
        await service.verify(site, date(2020, 1, 1))


async def test_a_file_that_was_not_written_yet_is_written_the_next_time(site: Site, tamper: Tamper) -> None:
    root = await service.close_day(site)
    assert root
    await site.storage.delete("audit")
    await tamper("update public.audit_roots set exported_key = null")
    assert (await service.verify(site)).good
    await service.close_day(site)
    assert await site.storage.exists(roots.key_of(root.day))
    assert (await service.verify(site)).good
