"""The five source documents, where they are at hand: their SQL, and a database made of it as it stands.

Tests that need them skip where the folder is absent.
"""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

NAMES = {"V": "000_*", "S": "001_*", "N": "002_*", "P": "003_*", "L": "004_*"}
_BLOCK = re.compile(r"^```sql\n(.*?)^```", re.MULTILINE | re.DOTALL)


def folder() -> Path | None:
    """The folder of the documents: `shared/seeds` beside the clone, or beside a folder around it."""
    for base in Path(__file__).resolve().parents[3:]:
        if (base / "shared" / "seeds").is_dir():
            return base / "shared" / "seeds"
    return None


needs_seeds = pytest.mark.skipif(folder() is None, reason="the source documents are not at hand")


def text(document: str) -> str:
    """A document by its letter: V, S, N, P or L."""
    found = folder()
    assert found, "the source documents are not at hand"
    (path,) = found.glob(NAMES[document])
    return path.read_text(encoding="utf-8")


def blocks(document: str) -> list[str]:
    """Its blocks of SQL, in order."""
    return _BLOCK.findall(text(document))


def block(document: str, words: str) -> str:
    """The first block that has some words in it."""
    return next(found for found in blocks(document) if words in found)


# What N says is there already.
BEFORE_N = """
create schema if not exists auth;
create or replace function auth.uid() returns uuid language sql stable as
    $$ select nullif(current_setting('seed.user', true), '')::uuid $$;
create table members (
    id uuid primary key default gen_random_uuid(), first_name text, last_name text, email text, credentials text[],
    designations text[], engagement_score numeric
);
create table member_designations (id uuid primary key default gen_random_uuid(), name text);
create table transactions (
    id uuid primary key default gen_random_uuid(), member_id uuid references members (id), transaction_type text,
    amount numeric(10, 2), description text, status text
);
create function log_audit_trail() returns trigger language plpgsql as $$ begin return null; end $$;
do $$ begin
    if not exists (select from pg_roles where rolname = 'anon') then create role anon nologin; end if;
    if not exists (select from pg_roles where rolname = 'authenticated') then create role authenticated nologin; end if;
end $$;
"""
# Blocks of N that make something; the rest are samples, queries and maintenance.
_MAKES = re.compile(r"^\s*(?:--[^\n]*\n|\s)*(CREATE|ALTER)\b", re.IGNORECASE)


def build_n(connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    """Makes N's schema, triggers and policies in an empty database; answers the blocks that PostgreSQL refused."""
    connection.execute(BEFORE_N)
    refused: list[str] = []
    for found in blocks("N"):
        if _MAKES.match(found) and "PARTITION OF" not in found:
            try:
                with connection.transaction():
                    connection.execute(found.encode())
            except psycopg.Error as error:
                refused.append(f"{error}: {found[:60]}")
    return refused
