"""What the application's database role may do: everything it needs, and nothing that rewrites history.

Two roles. The *owner* owns the tables and runs the migrations; the *app* role, with which web server, worker and
commands work, may read and append to what is append-only, and may run the functions given to it with `lend`. Triggers
(`guards.py`) refuse the same once more; a role that owns a table could take them away, so they stop accidents alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from telareview.ledger.guards import is_append_only

ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")
APPEND = ("SELECT", "INSERT")
READ = ("SELECT",)

_lent: list[str] = []
_only_read: set[str] = set()


class GrantError(Exception):
    """The privileges cannot be given; the message says why and what to do."""


def lend(function: str) -> None:
    """Let the app role run this SECURITY DEFINER function, named with the types of its arguments; nobody else may."""
    _lent.append(function)


def only_read(table: str) -> None:
    """Let the app role read this table; functions that are lent to it write there."""
    _only_read.add(table)


def append_only_tables() -> list[str]:
    """Tables whose rows the app role may add and read, but never change or take away."""
    return sorted(model._meta.db_table for model in apps.get_models() if is_append_only(model))


def protected_tables() -> list[str]:
    """Tables in which the app role may change nothing that stands there."""
    return sorted({*append_only_tables(), *_only_read})


def privileges_of(table: str) -> tuple[str, ...]:
    """What the app role may do with the rows of a table."""
    if table in _only_read or table == MigrationRecorder.Migration._meta.db_table:
        return READ
    return APPEND if table in append_only_tables() else ALL


def app_role() -> str:
    """The role that works with the tables without owning them; "" where there is one role for everything."""
    owner, app = settings.DATABASE_OWNER, str(settings.DATABASE_APP["USER"])
    return app if owner and owner["USER"] != app else ""


@contextmanager
def as_owner() -> Iterator[None]:
    """Work as the owner of the tables for a while; where there is one role, as that one.

    For migrations and commands alone: the connection is made anew, before and after.
    """
    if not app_role():
        yield
        return
    connection.close()
    connection.settings_dict.update(settings.DATABASE_OWNER)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(settings.DATABASE_APP)


def may_migrate() -> bool:
    """Whether the role of this connection owns every table here, or may make the first one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(bool_and(pg_has_role(current_user, relowner, 'USAGE')), "
            "has_schema_privilege(current_user, current_schema(), 'CREATE')) FROM pg_class "
            "WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace"
        )
        return bool(cursor.fetchone()[0])


def are_granted(role: str) -> bool:
    """Whether `role` has been given what it needs in this database. Asks nothing but the catalogue."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(bool_and(has_table_privilege(%s, c.oid, 'SELECT')), false) FROM pg_class AS c "
            "WHERE c.relkind IN ('r', 'v') AND c.relnamespace = current_schema()::regnamespace",
            [role],
        )
        return bool(cursor.fetchone()[0])


def grant(role: str) -> None:
    """Give `role` what the app needs in this database and take everything else from it. As the owner, in one step.

    Raises GrantError for a role that does not exist, or that could give itself more.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        _refuse_powerful(cursor, role)
        name = connection.ops.quote_name(role)
        cursor.execute("SELECT current_schema()")
        schema = connection.ops.quote_name(cursor.fetchone()[0])
        tables, views = _own_relations(cursor, "r", "p"), _own_relations(cursor, "v")
        cursor.execute(f"GRANT USAGE ON SCHEMA {schema} TO {name}")
        cursor.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {name}")
        for wanted in (ALL, APPEND, READ):
            if some := [connection.ops.quote_name(each) for each in tables if privileges_of(each) == wanted]:
                cursor.execute(f"GRANT {', '.join(wanted)} ON {', '.join(some)} TO {name}")
        if views:
            cursor.execute(f"GRANT SELECT ON {', '.join(map(connection.ops.quote_name, views))} TO {name}")
        # Without UPDATE no sequence can be set back.
        cursor.execute(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {name}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {name}")
        for function in _lent:
            cursor.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
            cursor.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {name}")


def _own_relations(cursor: Any, *kinds: str) -> list[str]:
    """Names of tables (`r`, `p`) or views (`v`)."""
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relkind = ANY(%s) AND relnamespace = current_schema()::regnamespace",
        [list(kinds)],
    )
    return [name for (name,) in cursor.fetchall()]


def _refuse_powerful(cursor: Any, role: str) -> None:
    cursor.execute(
        "SELECT rolsuper OR rolcreaterole OR rolreplication OR pg_has_role(oid, current_user, 'MEMBER'), "
        "has_schema_privilege(oid, current_schema(), 'CREATE') FROM pg_roles WHERE rolname = %s",
        [role],
    )
    found = cursor.fetchone()
    if found is None:
        raise GrantError(f"There is no database role {role!r}. Make it: CREATE ROLE {role} LOGIN PASSWORD '…'.")
    powerful, may_create = found
    if powerful:
        raise GrantError(
            f"The role {role!r} is a superuser, may make roles, or is a member of the owner, so it could give itself "
            "everything. Let DATABASE_URL name a plain role, and DATABASE_OWNER_URL the owner of the tables."
        )
    if may_create:
        raise GrantError(
            f"The role {role!r} may create things beside the tables. As the owner of the database: "
            f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role}."
        )
