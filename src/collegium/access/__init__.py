"""Who may do what, declared once. Tests and `collegium doctor --access` hold the database to it."""

from __future__ import annotations

from typing import Any

import psycopg

from collegium.access.area import VERBS, Area, Probe, table_of
from collegium.access.areas import (
    assignments,
    attempts,
    audit,
    bank,
    catalogue,
    cohorts,
    collections,
    counters,
    coverage,
    credits,
    discussions,
    dispatch,
    documents,
    editing,
    files,
    films,
    finishing,
    gradebook,
    handin,
    learning,
    live,
    maintenance,
    marking,
    money,
    notices,
    organisations,
    outline,
    packages,
    partners,
    peers,
    people,
    programs,
    questionfiles,
    quizbuilding,
    quizzes,
    reports,
    reviews,
    scorm,
    scormimport,
    scormplay,
    scormreports,
    scormsharing,
    sharing,
    skills,
    states,
    taking,
    templates,
    watching,
    xapi,
)
from collegium.access.stage import ACTORS, KEYS, PEOPLE, Stage, key

__all__ = ["ACTORS", "AREAS", "FUNCTIONS", "MATRIX", "MOVES", "PROBES", "SECOND_LINES", "SHOWN", "UNREADABLE", "VERBS",
           "WHOLLY_WRITABLE", "WRITABLE", "Area", "Probe", "found", "found_guild", "table_of"]  # fmt: skip

# In the order in which the guild is founded.
AREAS: dict[str, Area] = {
    "people": people.AREA,
    "catalogue": catalogue.AREA,
    "organisations": organisations.AREA,
    "money": money.AREA,
    "learning": learning.AREA,
    "coverage": coverage.AREA,
    "programs": programs.AREA,
    "reviews": reviews.AREA,
    "collections": collections.AREA,
    "discussions": discussions.AREA,
    "quizzes": quizzes.AREA,
    "attempts": attempts.AREA,
    "assignments": assignments.AREA,
    "live": live.AREA,
    "credits": credits.AREA,
    "templates": templates.AREA,
    "scorm": scorm.AREA,
    "partners": partners.AREA,
    "xapi": xapi.AREA,
    "skills": skills.AREA,
    "notices": notices.AREA,
    "counters": counters.AREA,
    "reports": reports.AREA,
    "maintenance": maintenance.AREA,
    "states": states.AREA,
    "outline": outline.AREA,
    "files": files.AREA,
    "editing": editing.AREA,
    "films": films.AREA,
    "documents": documents.AREA,
    "sharing": sharing.AREA,
    "packages": packages.AREA,
    "watching": watching.AREA,
    "finishing": finishing.AREA,
    "cohorts": cohorts.AREA,
    "bank": bank.AREA,
    "quizbuilding": quizbuilding.AREA,
    "taking": taking.AREA,
    "questionfiles": questionfiles.AREA,
    "handin": handin.AREA,
    "marking": marking.AREA,
    "peers": peers.AREA,
    "gradebook": gradebook.AREA,
    "scormimport": scormimport.AREA,
    "scormplay": scormplay.AREA,
    "scormreports": scormreports.AREA,
    "dispatch": dispatch.AREA,
    "scormsharing": scormsharing.AREA,
    "audit": audit.AREA,
}

MATRIX = {case: verbs for area in AREAS.values() for case, verbs in area.matrix.items()}
PROBES = {case: probe for area in AREAS.values() for case, probe in area.probes.items()}
MOVES = {table: move for area in AREAS.values() for table, move in area.moves.items()}
SECOND_LINES = {table: why for area in AREAS.values() for table, why in area.second_lines.items()}
WRITABLE = {right: columns for area in AREAS.values() for right, columns in area.writable.items()}
WHOLLY_WRITABLE = {table for area in AREAS.values() for table in area.wholly_writable}
UNREADABLE = {table: columns for area in AREAS.values() for table, columns in area.unreadable.items()}
SHOWN = {table: columns for area in AREAS.values() for table, columns in area.shown.items()}
FUNCTIONS = {name: roles for area in AREAS.values() for name, roles in area.functions.items()}
KEYS.update({thing: key(thing) for area in AREAS.values() for thing in area.things})


def found(stage: Stage) -> None:
    """Puts the people and things of the guild into a database that is migrated; the caller commits or undoes."""
    for name, role in PEOPLE.items():
        stage.owner(
            "insert into auth.users (id, email, email_confirmed_at, raw_user_meta_data)"
            " values (%(id)s, %(email)s, now(), jsonb_build_object('first_name', %(name)s, 'last_name', 'Guild'))",
            id=key(name),
            email=f"{name}@guild.test",
            name=name.replace("_", " ").title(),
        )
        stage.owner("update public.profiles set role = %(role)s where id = %(id)s", role=role, id=key(name))
    stage.owner("insert into auth.users (id, email) values (%(nobody)s, 'nobody@guild.test')")
    stage.owner("delete from public.profiles where id = %(nobody)s")
    for area in AREAS.values():
        area.found(stage)


def found_guild(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Fills a database that is migrated and empty, and commits."""
    found(Stage(connection))
    connection.commit()
