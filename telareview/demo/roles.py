"""The roles of the embedded database: who owns the tables, and who works with them. Knows no Django."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

#: Owns the database and every table in it, and runs the migrations.
OWNER = "telareview"
#: Web server, worker and commands: may append to the history, and may not change it (see `ledger/privileges.py`).
APP = "telareview_app"
#: Tests make databases of their own.
ATTRIBUTES = {OWNER: "LOGIN CREATEDB", APP: "LOGIN NOINHERIT"}


def make_roles(connection: "psycopg.Connection[Any]", passwords: Mapping[str, str], database: str) -> None:
    """Make both roles, neither a superuser, and the database, where they are missing; passwords are set each time."""
    for role, attributes in ATTRIBUTES.items():
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        connection.execute(
            sql.SQL("{} ROLE {} {} PASSWORD {}").format(
                sql.SQL("ALTER" if known else "CREATE"),
                sql.Identifier(role),
                sql.SQL(attributes),
                sql.Literal(passwords[role]),
            )
        )
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(OWNER))
        )
