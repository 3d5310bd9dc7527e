"""What the role of web server and worker may do in the database: append, and nothing that rewrites history."""

import psycopg
import pytest
from django.db import connection

from telareview.demo.roles import APP, OWNER
from telareview.ledger.privileges import GrantError, are_granted, grant, may_migrate, protected_tables
from tests.ledger.app_role import as_app, working_as_app
from tests.tasks.records import approved, mirrored, task_json

pytestmark = pytest.mark.django_db

#: On each protected table. None may succeed, whether or not it would have met a row.
ON_A_TABLE = (
    "UPDATE {table} SET {column} = {column}",
    "UPDATE {table} SET {column} = {column} WHERE false",
    "DELETE FROM {table}",
    "DELETE FROM {table} WHERE false",
    "TRUNCATE {table}",
    "TRUNCATE {table} CASCADE",
    "INSERT INTO {table} SELECT * FROM {table} ON CONFLICT ({key}) DO UPDATE SET {column} = excluded.{column}",
    "MERGE INTO {table} AS t USING {table} AS s ON t.{column} = s.{column} WHEN MATCHED THEN DELETE",
    "SELECT * FROM {table} FOR UPDATE",
    "LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "ALTER TABLE {table} DISABLE TRIGGER USER",
    "ALTER TABLE {table} ADD COLUMN extra text",
    "ALTER TABLE {table} DROP COLUMN {column}",
    "ALTER TABLE {table} ALTER COLUMN {column} TYPE text USING 'x'",
    "ALTER TABLE {table} RENAME TO other",
    "ALTER TABLE {table} RENAME COLUMN {column} TO other",
    "ALTER TABLE {table} SET SCHEMA pg_temp",
    "ALTER TABLE {table} OWNER TO {app}",
    "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE {table} INHERIT pg_class",
    "DROP TABLE {table}",
    "DROP TABLE {table} CASCADE",
    "CREATE RULE quiet AS ON INSERT TO {table} DO INSTEAD NOTHING",
    'CREATE OR REPLACE RULE "_RETURN" AS ON SELECT TO {table} DO INSTEAD SELECT * FROM {table}',
    "CREATE TRIGGER mine BEFORE INSERT ON {table} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE INDEX mine ON {table} ({column})",
    "CREATE POLICY mine ON {table} USING (false)",
    "GRANT UPDATE ON {table} TO {app}",
    "GRANT ALL ON {table} TO PUBLIC",
    "REVOKE INSERT ON {table} FROM {app}",
    "COMMENT ON TABLE {table} IS 'mine'",
    "CREATE VIEW mine AS SELECT * FROM {table}",
    "CREATE TABLE mine (LIKE {table})",
    "CLUSTER {table}",
    "REINDEX TABLE {table}",
)
#: Of the server as a whole.
BESIDE_THE_TABLES = (
    "SET session_replication_role = replica",
    "SET LOCAL session_replication_role = replica",
    "SELECT set_config('session_replication_role', 'replica', false)",
    f"ALTER ROLE {APP} SET session_replication_role = replica",
    f"ALTER ROLE {APP} SUPERUSER",
    f"ALTER ROLE {APP} CREATEROLE",
    f"GRANT {OWNER} TO {APP}",
    f"SET ROLE {OWNER}",
    "SET ROLE postgres",
    f"SET SESSION AUTHORIZATION {OWNER}",
    f"REASSIGN OWNED BY {OWNER} TO {APP}",
    f"DROP OWNED BY {OWNER}",
    "CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name name) RETURNS boolean "
    "LANGUAGE sql AS 'SELECT true'",
    "DROP FUNCTION public._pgtrigger_should_ignore(name) CASCADE",
    f"ALTER FUNCTION public._pgtrigger_should_ignore(name) OWNER TO {APP}",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE EXTENSION dblink",
    "CREATE EVENT TRIGGER mine ON ddl_command_start EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE SCHEMA mine",
    "DROP SCHEMA public CASCADE",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY (SELECT 1) TO '/tmp/telareview-privileges'",
    "SELECT setval('tasks_taskversion_id_seq', 1)",
    "ALTER SEQUENCE tasks_taskversion_id_seq RESTART",
    "ALTER SYSTEM SET session_replication_role = replica",
    "DELETE FROM django_migrations",
    "INSERT INTO django_migrations (app, name, applied) VALUES ('tasks', 'x', now())",
    "UPDATE pg_class SET relowner = 10",
    "DELETE FROM pg_trigger",
)
HISTORY = {"tasks_taskversion", "tasks_toldversion", "tasks_payload", "ledger_leaf", "ledger_checkpoint"}


def test_the_history_is_protected() -> None:
    assert set(protected_tables()) >= HISTORY


@pytest.mark.django_db(transaction=True)
def test_none_of_the_app_roles_attempts_on_history_succeeds(acme) -> None:
    mirrored(acme, task_json(1))
    mirrored(acme, approved(1, "total.valor"))
    attempts, succeeded = 0, []
    warnings: list[str] = []
    before = _everything()

    with as_app() as app:
        app.add_notice_handler(lambda notice: warnings.append(notice.message_primary or ""))
        for attempt in [*BESIDE_THE_TABLES, *_on_every_table()]:
            attempts += 1
            warnings.clear()
            try:
                app.execute(attempt)
            except psycopg.Error:
                continue
            # GRANT and REVOKE by one who may not is a warning.
            if not any(warning.startswith("no privileges") for warning in warnings):
                succeeded.append(attempt)

    assert succeeded == []
    assert attempts == len(BESIDE_THE_TABLES) + len(ON_A_TABLE) * len(protected_tables())
    assert _everything() == before


@pytest.mark.parametrize("setting", ["SET pgtrigger.ignore = '{all}'", "SELECT 1"])
@pytest.mark.django_db(transaction=True)
def test_history_is_refused_for_want_of_privilege_not_by_triggers_alone(acme, setting) -> None:
    mirrored(acme, task_json(1))

    with as_app() as app:
        app.execute(setting)
        for table in protected_tables():
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(f"DELETE FROM {table}")


@pytest.mark.django_db(transaction=True)
def test_the_app_role_can_do_its_work(acme) -> None:
    with working_as_app():
        first = mirrored(acme, task_json(1), task_json(2))
        second = mirrored(acme, approved(1, "total.valor"))

    assert (len(first.new), len(second.changed)) == (2, 1)


@pytest.mark.django_db(transaction=True)
def test_only_the_owner_may_migrate() -> None:
    assert may_migrate()
    with working_as_app():
        assert not may_migrate()


def test_a_table_made_later_is_noticed() -> None:
    assert are_granted(APP)

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE later (id int)")

    assert not are_granted(APP)


@pytest.mark.parametrize(
    ("role", "sentence"), [("nobody_at_all", "There is no database role"), ("postgres", "is a superuser")]
)
def test_a_role_that_will_not_do_is_refused_with_a_sentence(role, sentence) -> None:
    with pytest.raises(GrantError, match=sentence):
        grant(role)


def _on_every_table() -> list[str]:
    with connection.cursor() as cursor:
        attempts = []
        for table in protected_tables():
            description = connection.introspection.get_table_description(cursor, table)
            key = ", ".join(connection.introspection.get_primary_key_columns(cursor, table) or ())
            words = {"table": table, "column": description[-1].name, "key": key, "app": APP}
            attempts += [attempt.format(**words) for attempt in ON_A_TABLE]
    return attempts


def _everything() -> dict[str, list[str]]:
    """The rows of every protected table, its owner and privileges, and its triggers."""
    asked = {table: f"SELECT t::text FROM {table} AS t ORDER BY 1" for table in protected_tables()}
    asked["the tables"] = "SELECT (relname, relowner, relacl)::text FROM pg_class WHERE relkind = 'r' ORDER BY 1"
    asked["the triggers"] = "SELECT (tgname, tgenabled, tgfoid)::text FROM pg_trigger ORDER BY 1"
    answers = {}
    with connection.cursor() as cursor:
        for what, question in asked.items():
            cursor.execute(question)
            answers[what] = [text for (text,) in cursor.fetchall()]
    return answers
