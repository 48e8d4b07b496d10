"""``collegium doctor --access``: the rights of every role, tried on the live database, beside those declared."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import click
import psycopg

from collegium.access import trial
from collegium.access.stage import ACTORS
from collegium.kit.maintenance import Outcome
from collegium.kit.site import Site
from collegium.kit.stopping import in_thread

HEADS = ("owner", "learner", "stranger", "instr", "other", "manager", "visitor", "admin", "super", "service")
WIDTH = 9
JOB = "access.try"
MOST = 200


def sign(answer: str) -> str:
    """An answer of the matrix in a word."""
    return {"42501": "no", "55000": "view", "-": "hidden"}.get(answer, "rule" if answer.startswith("CG") else answer)


def table_lines(tried: list[trial.Tried]) -> Iterator[str]:
    """One case as a table; a cell that differs from what is declared is marked."""
    yield tried[0].case
    yield " " * 9 + "".join(f"{head:<{WIDTH}}" for head in HEADS)
    for line in tried:
        cells = (
            sign(got) if got == meant else f"{sign(got)}!" for meant, got in zip(line.declared, line.found, strict=True)
        )
        yield f"  {line.verb:<7}" + "".join(f"{cell:<{WIDTH}}" for cell in cells).rstrip()
    yield ""


def examine(
    dsn: str, say: Callable[[str], None], tables: list[str] | None = None, stop: threading.Event | None = None
) -> list[str]:
    """Tries all tables, or some, says what was found one by one, and answers the differences in words.

    ``dsn`` is that of the tables' owner. Whatever the trial makes is undone; what could not be tried is a difference.
    Once ``stop`` is set it ends after the table at hand, with what it found so far.
    """
    differences: list[str] = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        for table, tried in trial.try_tables(connection, tables):
            if stop and stop.is_set():
                return differences
            if isinstance(tried, psycopg.Error):
                differences.append(f"{table}: could not be tried: {tried.diag.message_primary or tried}")
                continue
            for case in dict.fromkeys(line.case for line in tried):
                for line in table_lines([one for one in tried if one.case == case]):
                    say(line)
            differences += [words for line in tried for words in line.differences]
        differences += trial.differences_in_rights(connection)
    return differences


async def try_all(site: Site) -> Outcome:
    """The same as maintenance: the differences, at most `MOST` of them, stand in its figures."""
    if site.owner_dsn is None:
        return Outcome("This process does not know the login of the tables' owner.", result="drift")
    dsn = site.owner_dsn
    found = await in_thread(lambda stop: examine(dsn, lambda _: None, stop=stop))
    figures = {"differences": found[:MOST], "count": len(found)}
    if found:
        return Outcome(f"{len(found)} rights are not as declared, the first: {found[0]}", figures, "drift")
    return Outcome("Every right is as declared.", figures)


def report(dsn: str) -> None:
    """Prints the matrix as it is and what is not as docs/reference/access.md declares: then it ends with status 1."""
    differences = examine(dsn, click.echo)
    for words in differences:
        click.echo(f"FAIL  {words}")
    if differences:
        click.echo(f"\n{len(differences)} rights are not as docs/reference/access.md declares them.")
        raise SystemExit(1)
    click.echo(f"ok    {len(trial.tables())} tables and views, {len(ACTORS)} actors: every right is as declared")
