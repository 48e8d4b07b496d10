"""One's own certificates, their documents, and the page and API by which anybody verifies one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio

from collegium.features.certificates import service
from collegium.kit.signing import open_keys
from collegium.kit.site import Site
from tests.support.database import Database
from tests.support.people import Lesson, Person, add_course, add_person, enrol
from tests.support.signed import certificate as typeset
from tests.support.signed import sign
from tests.support.site import Client, run_jobs

NUMBER = re.compile(r"CERT-\d{4}-[2-9A-HJ-NP-Z]{8}")
UNKNOWN = "CERT-2026-AAAAAAAA"


@dataclass
class Scene:
    """Somebody who has just completed a course and is signed in; the document's job waits."""

    site: Site
    database: Database
    client: Client
    make_client: Callable[..., Any]
    person: Person
    number: str

    async def document(self) -> bytes:
        await run_jobs(self.site)
        answer = await self.client.get(f"/me/certificates/{self.number}.pdf")
        assert answer.status_code == 200, answer.text
        return answer.content

    async def as_role(self, role: str) -> Client:
        other: Client = await self.make_client(address="203.0.113.9")
        if role != "guest":
            await other.login(await add_person(self.database, role))
        return other

    async def revoke(self) -> httpx.Response:
        admin = await self.as_role("admin")
        return await admin.post_form(f"/verify/{self.number}/revoke", {"reason": "Issued in error"})


@pytest_asyncio.fixture
async def scene(site: Site, database: Database, client: Client, make_client: Callable[..., Any]) -> Scene:
    person = await add_person(database, first_name="Amara", last_name="Okonkwo")
    course = await add_course(database, "Ethics in one page", modules=[[Lesson("The page")]], credits=2)
    await enrol(database, person, course)
    await client.login(person)
    await client.post_form(f"/learn/{course.slug}/{course.lessons[0].id}/complete")
    async with database.connect() as owner:
        number = await owner.fetchval("select number from public.certificates")
    return Scene(site, database, client, make_client, person, number)


async def check(client: Client, content: bytes, name: str = "certificate.pdf") -> httpx.Response:
    files = {"file": (name, content, "application/pdf")}
    return await client.post("/verify", data={"_csrf_token": await client.csrf()}, files=files)


async def test_the_list_waits_for_the_document_and_then_offers_it(scene: Scene) -> None:
    waiting = await scene.client.get("/me/certificates")
    assert "The document is being made" in waiting.text
    assert 'hx-trigger="load delay:2s"' in waiting.text
    early = await scene.client.get(f"/me/certificates/{scene.number}.pdf")
    assert early.status_code == 409
    await run_jobs(scene.site)
    ready = await scene.client.get("/me/certificates", headers={"hx-request": "true"})
    assert "<html" not in ready.text
    assert f"/me/certificates/{scene.number}.pdf" in ready.text
    assert "hx-trigger" not in ready.text, "nothing is waited for any more"
    document = await scene.client.get(f"/me/certificates/{scene.number}.pdf")
    assert document.content.startswith(b"%PDF-")
    assert document.headers["content-type"] == "application/pdf"
    assert f"{scene.number}.pdf" in document.headers["content-disposition"]
    assert document.headers["cache-control"].startswith("private")


async def test_making_the_document_again_changes_nothing(scene: Scene) -> None:
    first = await scene.document()
    async with scene.database.connect() as owner:
        found = await owner.fetchrow("select id, pdf_sha256 from public.certificates")
    await service.make_document(scene.site, found["id"])
    assert await scene.document() == first
    async with scene.database.connect() as owner:
        assert await owner.fetchval("select pdf_sha256 from public.certificates") == found["pdf_sha256"]


@pytest.mark.parametrize("role", ["guest", "student", "instructor"])
async def test_a_document_is_for_its_holder(scene: Scene, role: str) -> None:
    await scene.document()
    other = await scene.as_role(role)
    answer = await other.get(f"/me/certificates/{scene.number}.pdf")
    assert answer.status_code == (303 if role == "guest" else 404)
    assert b"%PDF" not in answer.content
    mine = await other.get("/me/certificates")
    assert scene.number not in mine.text


@pytest.mark.parametrize("name", [UNKNOWN, "x", "..%2f..%2fsecret.key", "%00", "' or true --"])
async def test_a_number_that_is_not_ones_own_is_not_found(scene: Scene, name: str) -> None:
    answer = await scene.client.get(f"/me/certificates/{name}.pdf")
    assert answer.status_code in (404, 422)
    assert answer.status_code < 500


async def test_a_name_that_cannot_be_set_is_said_plainly(scene: Scene) -> None:
    async with scene.database.connect() as owner:
        await owner.execute("update public.certificates set holder_name = 'Amara \U0001f600'")
    await run_jobs(scene.site)
    page = await scene.client.get("/me/certificates")
    async with scene.database.connect() as owner:
        said = await owner.fetchval("select pdf_error from public.certificates")
    assert said
    assert said[:20] in page.text
    assert "hx-trigger" not in page.text
    assert (await scene.client.get(f"/me/certificates/{scene.number}.pdf")).status_code == 409


async def test_anybody_verifies_by_number(scene: Scene) -> None:
    guest = await scene.as_role("guest")
    page = await guest.get(f"/verify/{scene.number}")
    assert page.status_code == 200
    for words in ("Valid certificate", "Amara Okonkwo", "Ethics in one page", "2 CE credits", scene.number):
        assert words in page.text, words
    assert scene.person.email not in page.text
    assert "Revoke" not in page.text
    unknown = await guest.get(f"/verify/{UNKNOWN}")
    assert unknown.status_code == 404
    assert "Unknown certificate" in unknown.text
    assert UNKNOWN in unknown.text


@pytest.mark.parametrize("shape", ["lower", "spaces", "dashes"])
async def test_a_number_is_taken_as_people_type_it(scene: Scene, shape: str) -> None:
    typed = {
        "lower": scene.number.lower(),
        "spaces": f"  {scene.number.replace('-', ' - ')} ",
        "dashes": scene.number.replace("-", "\u2013"),
    }[shape]
    answer = await scene.client.get("/verify", params={"number": typed})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/verify/{scene.number}")


@pytest.mark.parametrize("number", ["<script>alert(1)</script>", "%", "_" * 17, "CERT-2026-%", "a" * 3000, "\u0000"])
async def test_any_number_is_answered(scene: Scene, number: str) -> None:
    guest = await scene.as_role("guest")
    answer = await guest.get("/verify/" + quote(number, safe=""))
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
    assert "Amara" not in answer.text
    asked = await guest.get("/verify", params={"number": number})
    assert asked.status_code in (200, 303)


async def test_programs_verify_by_the_api(scene: Scene) -> None:
    guest = await scene.as_role("guest")
    valid = (await guest.get(f"/api/v1/certificates/{scene.number}")).json()
    assert (valid["status"], valid["valid"], valid["certificate_number"]) == ("valid", True, scene.number)
    assert (valid["member_name"], valid["course_title"]) == ("Amara Okonkwo", "Ethics in one page")
    assert float(valid["ce_credits"]) == 2
    assert "email" not in str(valid)
    unknown = (await guest.get(f"/api/v1/certificates/{UNKNOWN}")).json()
    assert (unknown["status"], unknown["valid"], unknown.get("member_name")) == ("unknown", False, None)
    assert (await guest.get("/api/v1/certificates")).status_code == 404, "there is no listing"
    await scene.revoke()
    revoked = (await guest.get(f"/api/v1/certificates/{scene.number}")).json()
    assert (revoked["status"], revoked["valid"]) == ("revoked", False)
    assert revoked["revoked_at"]


@pytest.mark.parametrize("where", ["/verify/", "/api/v1/certificates/"])
async def test_guessing_is_slowed_down(scene: Scene, where: str) -> None:
    guest = await scene.as_role("guest")
    answers = [await guest.get(f"{where}{UNKNOWN}") for _ in range(31)]
    assert {answer.status_code for answer in answers[:30]} <= {200, 404}
    refused = answers[30]
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    elsewhere = await scene.make_client(address="192.0.2.44")
    assert (await elsewhere.get(f"{where}{scene.number}")).status_code == 200, "only the one who guesses waits"


async def test_a_genuine_document_is_recognised(scene: Scene) -> None:
    answer = await check(await scene.as_role("guest"), await scene.document())
    assert answer.status_code == 200
    for words in ("The document is genuine", "Valid certificate", scene.number, "Amara Okonkwo"):
        assert words in answer.text, words


async def test_an_altered_document_is_not_vouched_for(scene: Scene) -> None:
    document = bytearray(await scene.document())
    document[len(document) // 3] ^= 1
    answer = await check(await scene.as_role("guest"), bytes(document))
    assert "The document was altered" in answer.text
    assert "genuine" not in answer.text
    assert "Valid certificate" not in answer.text


async def test_other_files_are_told_apart(scene: Scene, tmp_path: Any) -> None:
    guest = await scene.as_role("guest")
    stranger = open_keys(tmp_path / "strangers", organisation="Somebody Else").current
    for content, words in (
        (await asyncio.to_thread(sign, typeset(), stranger), "Not our signature"),
        (typeset(), "The document is not signed"),
        (b"hello", "This file cannot be read"),
        (b"%PDF-1.7\n" + b"\x00" * 5000, "This file cannot be read"),
    ):
        answer = await check(guest, content)
        assert answer.status_code == 200, words
        assert words in answer.text, words
        assert "genuine" not in answer.text


async def test_files_that_are_none_or_too_large_are_refused(scene: Scene) -> None:
    guest = await scene.as_role("guest")
    empty = await check(guest, b"")
    assert (empty.status_code, "Choose a PDF file first." in empty.text) == (422, True)
    large = await check(guest, b"%PDF-1.7\n" + b"x" * (5 * 1024 * 1024))
    assert (large.status_code, "too large for a certificate" in large.text) == (422, True)
    nothing = await guest.post_form("/verify", {"file": "no file"})
    assert nothing.status_code == 422
    huge = await check(guest, b"x" * (9 * 1024 * 1024))
    assert huge.status_code == 413


async def test_a_genuine_document_of_a_revoked_certificate_says_so(scene: Scene) -> None:
    document = await scene.document()
    assert (await scene.revoke()).status_code == 303
    answer = await check(await scene.as_role("guest"), document)
    assert "Genuine, but not valid any more" in answer.text
    assert "Revoked certificate" in answer.text
    assert "The document is genuine" not in answer.text
    gone = await scene.client.get(f"/me/certificates/{scene.number}.pdf")
    assert gone.status_code == 404
    assert "Revoked on" in (await scene.client.get("/me/certificates")).text


@pytest.mark.parametrize("role", ["guest", "student", "instructor", "holder"])
async def test_only_administrators_revoke(scene: Scene, role: str) -> None:
    other = scene.client if role == "holder" else await scene.as_role(role)
    answer = await other.post_form(f"/verify/{scene.number}/revoke", {"reason": "Because"})
    assert answer.status_code == (303 if role == "guest" else 403)
    assert "Valid certificate" in (await scene.client.get(f"/verify/{scene.number}")).text


async def test_an_administrator_revokes_with_a_reason(scene: Scene) -> None:
    admin = await scene.as_role("admin")
    where = f"/verify/{scene.number}"
    assert "Revoke this certificate" in (await admin.get(where)).text
    odd = await admin.post_form(f"{where}/revoke", {"reason": "a\u0000b"})
    assert (odd.status_code, "cannot be stored" in odd.text) == (422, True)
    assert (await admin.post_form("/verify/%00/revoke", {"reason": "x"})).status_code == 404
    without = await admin.post_form(f"{where}/revoke", {"reason": "  "})
    assert without.status_code == 303
    assert "Say why the certificate is revoked" in (await admin.get(where)).text
    page = await admin.get(where)
    assert "Valid certificate" in page.text
    done = await admin.submit(page, f"{where}/revoke", {"reason": "Issued in error"})
    assert (done.status_code, done.headers["location"]) == (303, where)
    after = await (await scene.as_role("guest")).get(where)
    assert after.status_code == 200
    assert "Revoked certificate" in after.text
    assert "Issued in error" not in after.text, "the reason is for administrators"
    again = await admin.post_form(f"{where}/revoke", {"reason": "Twice"})
    assert again.status_code == 404
    async with scene.database.connect() as owner:
        assert await owner.fetchval("select revoked_reason from public.certificates") == "Issued in error"
