"""How long a statement may run, by the kind of process."""

from typing import Any

from django.db.backends.signals import connection_created

#: A page waits no longer for one statement; commands and workers have no such limit.
WEB_STATEMENT_SECONDS = 5


def limit_statements(seconds: int = WEB_STATEMENT_SECONDS) -> None:
    """From now on every new database connection of this process cancels a statement after `seconds`.

    A single long statement (an export) may lift it for its own transaction: `SET LOCAL statement_timeout = '15min'`.
    """

    def limit(connection: Any, **_kwargs: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = '{int(seconds)}s'")

    connection_created.connect(limit, weak=False, dispatch_uid="telareview.web.database.limit_statements")
