"""The endpoint of HACP: what units of AICC courses say, and its session rules.

A unit is launched with ``aicc_url``, this endpoint below the player's token, and ``aicc_sid``, which names the unit
and the visit: ``<identifier of the unit in base64url>.<visit>``. A session begins with GetParam and ends with ExitAU;
before and after, nothing is taken (CMI001 5.3). It lasts no longer than its player: another launch ends it, as
signing out does.
"""

from __future__ import annotations

import binascii
import re
import time
from base64 import urlsafe_b64decode
from hmac import compare_digest
from typing import Any

import msgspec
import structlog

from collegium.features.scorm.commits import Q
from collegium.features.scorm.model import Call
from collegium.features.scorm.tokens import Token
from collegium.kit.db import SYSTEM, Transaction
from collegium.kit.site import Site
from collegium.standards.aicc import hacp
from collegium.standards.aicc.elements import elements, ended

LARGEST = 400_000
"""Bytes of a request: 64,000 characters of data at their longest, and what stands around them."""
_SID = re.compile(r"([A-Za-z0-9_-]{1,350})\.([A-Za-z0-9_-]{1,40})", re.ASCII)
_FAULTS = {
    "stale": "This lesson was opened in another window or a day ago. Open it again.",
    "not_aicc": "The package is no AICC course.",
    "no_such_unit": "The course has no unit of this session.",
    "too_many": "The units of this launch were opened too often. Open the lesson again.",
    "not_begun": "The session has not begun: GetParam comes first.",
    "ended": "The session has ended with ExitAU.",
}
_OVER = ("stale_attempt", "signed_out", "not_enrolled")
_encode = msgspec.json.Encoder().encode
log = structlog.get_logger("collegium.scorm")


class Refused(Exception):
    """Nothing of this call is kept. ``error`` and ``words`` as the unit is told."""

    def __init__(self, error: int, words: str = "") -> None:
        super().__init__(words or hacp.TEXTS[error])
        self.error, self.words = error, words


def unit_of(session_id: str) -> str | None:
    """The unit that a session is of; None when the site made no such session."""
    found = _SID.fullmatch(session_id)
    if found is None:
        return None
    try:
        unit = urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
    return unit if 0 < len(unit) <= 255 and "\0" not in unit else None


async def answer(site: Site, token: Token, body: bytes) -> str:
    """What a unit is answered, after it is stored. What it raises, raises the database; nothing is kept then."""
    asked = hacp.request(body)
    try:
        if not asked.command:
            raise Refused(1)
        unit = unit_of(asked.session_id)
        if unit is None:
            raise Refused(3)
        if "\0" in asked.data:
            raise Refused(1, "The data holds a character that cannot be stored.")
        async with site.db.transaction(SYSTEM) as tx:
            return await _answer(tx, token, unit, asked)
    except Refused as refusal:
        log.info("hacp_refused", command=asked.sent, error=refusal.error, words=str(refusal))
        return hacp.answer(refusal.error, refusal.words)


def refusal(words: str) -> str:
    """What a unit is told when a call failed for a reason that HACP has no code for."""
    return hacp.answer(1, words)


async def _answer(tx: Transaction, token: Token, unit: str, asked: hacp.Request) -> str:
    command = asked.command
    found: dict[str, Any] = await tx.fetchval(
        Q.open_hacp, token.registration, token.session, asked.session_id, unit, command
    )
    if fault := found.get("fault"):
        raise Refused(3, _FAULTS[fault])
    password: str | None = found["password"]
    if password and not compare_digest(password.encode(), asked.password.encode()):
        raise Refused(2)
    said = hacp.answer(0, data=_parameters(found) if command == "getparam" else "")
    given: dict[str, str] = {}
    try:
        given = elements(command, asked.data, found["saved"]) if command else {}
        if command == "exitau" and found["credit"]:
            given = ended(found["saved"], None if found["mastery"] is None else float(found["mastery"]))
    except ValueError as error:
        said = hacp.answer(1, str(error))
    stored = _Stored(tx, token, unit, asked, found["began"])
    outcome, words = await stored.put(given, said)
    if outcome not in ("stored", *_OVER):
        # The call alone is kept, with what it was told.
        said = hacp.answer(1, words or "")
        outcome, words = await stored.put({}, said)
    if outcome != "stored":
        raise Refused(3, words or "")
    return said


class _Stored:
    """One call on its way into what the course said and into the flight recorder."""

    def __init__(self, tx: Transaction, token: Token, unit: str, asked: hacp.Request, began: float) -> None:
        self.tx, self.token, self.unit, self.asked = tx, token, unit, asked
        self.t = max(0, round((time.time() - began) * 1000))

    async def put(self, given: dict[str, str], said: str) -> tuple[str, str | None]:
        """Stores it; answers the outcome, and words for what was not stored."""
        error = said.partition("\r\n")[0].removeprefix("error=")
        call = Call(fn=self.asked.sent, t=self.t, args=[self.asked.data], answer=said, error=error)
        over = self.asked.command == "exitau"
        rows = await self.tx.fetch(
            Q.record_hacp, self.token.session, self.unit, given, over, msgspec.Raw(_encode([call.short()]))
        )
        outcome: str = rows[0]["outcome"]
        words: str | None = rows[0]["words"]
        return outcome, words


def _parameters(found: dict[str, Any]) -> str:
    return hacp.parameters(
        hacp.Parameters(
            student_id=found["student_id"],
            student_name=found["student_name"] or "Learner",
            mode=found["mode"],
            credit=found["credit"],
            attempt=found["attempt"],
            seconds=float(found["seconds"]),
            saved=found["saved"],
            course=found["course"] or "",
            launch_data=found["launch_data"] or "",
            mastery=None if found["mastery"] is None else float(found["mastery"]),
            max_seconds=found["max_seconds"],
            time_limit_action=found["time_limit_action"] or "",
        )
    )
