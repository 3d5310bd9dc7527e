import pytest
from django.db import connection
from django.db.backends.signals import connection_created

from telareview.web.database import limit_statements

NAME = "telareview.web.database.limit_statements"


@pytest.mark.django_db
def test_a_web_process_gives_each_new_connection_its_limit_and_commands_have_none():
    def limit() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            return cursor.fetchone()[0]

    before = limit()
    limit_statements(7)
    try:
        connection_created.send(sender=type(connection), connection=connection)
        within = limit()
    finally:
        connection_created.disconnect(dispatch_uid=NAME)
        with connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")

    assert (before, within, limit()) == ("0", "7s", "0")


def test_the_door_of_the_web_server_sets_the_limit():
    try:
        import telareview.wsgi  # noqa: F401

        assert any(receiver[0][0] == NAME for receiver in connection_created.receivers)
    finally:
        connection_created.disconnect(dispatch_uid=NAME)
