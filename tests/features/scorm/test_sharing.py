"""What packages share about a learner: global objectives and stores of data, from the commit to the next launch."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest

from collegium.features.scorm import service
from collegium.kit.db import person as acting_as
from collegium.kit.site import Site
from tests.features.scorm.playing import PACKAGE, Player, School, found_school
from tests.support.database import Database
from tests.support.people import Lesson, add_course, enrol
from tests.support.site import Client

pytestmark = pytest.mark.asyncio

G, OTHER, LONG = "org.guild.known", "org.guild.other", "urn:" + "ö" * 3990
WRITES = {
    "objectives": {
        "primary": {"maps": [{"targetObjectiveID": G, "writeSatisfiedStatus": True}]},
        "others": [{"objectiveID": "o", "maps": [{"targetObjectiveID": LONG}, {"targetObjectiveID": OTHER}]}],
    },
    "data": [{"targetID": "store"}],
}


async def sequenced(school: School, item: dict[str, Any], organization: dict[str, Any] | None = None) -> School:
    """The same, with this sequencing."""
    async with school.database.connect() as owner:
        for name, found in (("SCO-1", item), ("ORG", organization or {})):
            await owner.execute(
                "update public.scorm_items set sequencing = $3 where scorm_package_id = $1 and identifier = $2",
                school.package,
                name,
                json.dumps(found),
            )
    return school


async def another(school: School) -> School:
    """A further package in another course, with the same learners."""
    lesson = Lesson("Water", more={"lesson_type": "scorm", "completion_criteria": "scorm_completed"})
    course = await add_course(school.database, "Water", modules=[[lesson]])
    async with school.database.connect() as owner:
        package: UUID = await owner.fetchval(PACKAGE, f"packages/{lesson.id}/")
        await owner.execute(
            "insert into public.lesson_scorm_packages (lesson_id, course_id, scorm_package_id) values ($1, $2, $3)",
            lesson.id,
            course.id,
            package,
        )
    for each in school.learners:
        await enrol(school.database, each, course)
    assert lesson.id
    return School(school.site, school.database, lesson.id, package, school.learners)


async def shared_of(player: Player) -> Any:
    return (await player.get("definition")).json()["session"]["shared"]


async def test_packages_share_what_they_name(site: Site, client: Client, database: Database) -> None:
    first = await sequenced(await found_school(site, database), WRITES)
    second = await sequenced(await another(first), WRITES)
    one = Player(client, await first.launch())
    assert await shared_of(one) == {"objectives": {}, "data": {}}
    said = {"objectives": {G: {"satisfied": True, "raw": 87.5}, LONG: {"measure": 1.0000000000000002}}, "data": {}}
    said["objectives"]["org.guild.nobody's"] = {"satisfied": True}
    said["data"] = {"store": "page 1", "elsewhere": "x"}
    body = one.body(shared=said)
    assert (await one.commit(shared=said))["saved"] is True
    expected = {"objectives": {G: {"satisfied": True, "raw": 87.5}, LONG: {"measure": 1}}, "data": {"store": "page 1"}}
    two = Player(client, await second.launch())
    assert await shared_of(two) == expected == await shared_of(one), "what the package does not name is passed over"

    # Of each value the last one counts, and none is lost; what is sent once more changes nothing.
    later = {"objectives": {G: {"measure": -0.1, "progressMeasure": 0.1}, OTHER: {"completed": False}}}
    assert (await two.commit(shared=later))["saved"] is True
    assert (await two.commit(shared={"objectives": {G: {"satisfied": False}}, "data": {"store": ""}}))["saved"] is True
    again = (await one.post("commit", body)).json()
    assert (again["saved"], again["repeated"]) == (True, True)
    found = await shared_of(one)
    assert found["objectives"][G] == {"satisfied": False, "measure": -0.1, "raw": 87.5, "progressMeasure": 0.1}
    assert (found["objectives"][OTHER], found["data"]) == ({"completed": False}, {"store": ""})

    # What is refused shares nothing.
    refused = await two.commit(elements={"cmi.nothing": "1"}, shared={"objectives": {G: {"raw": 1}}})
    assert refused["reason"] == "refused"
    for bad in ({"objectives": {G: {"raw": "1"}}}, {"data": {"store": "x" * 64_001}}, {"data": {"store": "\0"}}, []):
        assert (await two.commit(shared=bad))["saved"] is False
    assert (await shared_of(two))["objectives"][G]["raw"] == 87.5

    # Another learner has his own, and nobody reads those of others.
    other = Player(client, await second.launch(1))
    assert await shared_of(other) == {"objectives": {}, "data": {}}
    for who, rows in ((0, 3), (1, 0)):
        async with site.db.transaction(acting_as(first.learners[who].id)) as tx:
            assert await tx.fetchval("select count(*) from public.scorm_global_objectives") == rows


async def test_two_packages_at_once_lose_nothing(site: Site, client: Client, database: Database) -> None:
    names = [f"objective {n}" for n in range(12)]
    maps = {"objectives": {"primary": {"maps": [{"targetObjectiveID": name} for name in names]}}}
    first = await sequenced(await found_school(site, database, learners=3), maps)
    second = await sequenced(await another(first), maps)
    players = [Player(client, await school.launch(who)) for who in range(3) for school in (first, second)]

    async def play(at: int, player: Player) -> None:
        for n, name in enumerate(names if at % 2 else reversed(names)):
            known = {"raw": n} if at % 2 else {"measure": 0.5}
            assert (await player.commit(shared={"objectives": {name: known}}))["saved"] is True

    await asyncio.gather(*(play(at, player) for at, player in enumerate(players)))
    for player in players:
        objectives = (await shared_of(player))["objectives"]
        assert objectives == {name: {"measure": 0.5, "raw": n} for n, name in enumerate(names)}


async def test_what_is_kept_apart(site: Site, client: Client, database: Database) -> None:
    flags = {"objectivesGlobalToSystem": False, "sharedDataGlobalToSystem": False}
    open_one = await sequenced(await found_school(site, database), WRITES)
    closed = await sequenced(await another(open_one), WRITES, flags)
    said = {"objectives": {G: {"satisfied": True}}, "data": {"store": "own"}}
    nothing = {"objectives": {}, "data": {}}
    player = Player(client, await closed.launch())
    assert (await player.commit(shared=said))["saved"] is True
    assert await closed.value("select count(*) from public.scorm_global_objectives") == 0
    teller = Player(client, await open_one.launch())
    assert (await teller.commit(shared=said))["saved"] is True
    assert await shared_of(player) == nothing
    assert (await shared_of(teller)) == said

    # Who only looks is told, and hands nothing on.
    looking = Player(client, await open_one.launch(mode="review"))
    looking.seq = 1
    assert await shared_of(looking) == said
    assert (await looking.commit(shared={"data": {"store": "changed"}}))["saved"] is True
    assert await shared_of(looking) == said

    # A learner of a partner is nobody of ours: he neither finds nor leaves anything.
    async with database.connect() as owner:
        dispatch = await owner.fetchval(
            "insert into public.scorm_dispatches (scorm_package_id, partner) values ($1, 'Harbour') returning id",
            open_one.package,
        )
        row = json.loads(await owner.fetchval("select private.open_scorm_dispatch($1, sha256('a'), null)", dispatch))
    stranger = Player(client, service.launched(site, row))
    assert await shared_of(stranger) == nothing
    assert (await stranger.commit(shared={"data": {"store": "stranger"}}))["saved"] is True
    assert await shared_of(stranger) == nothing
    assert await open_one.value("select string_agg(value, ',') from public.scorm_shared_data") == "own"
