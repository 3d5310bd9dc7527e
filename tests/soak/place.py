"""Where a trial happens: a folder below `var`, and a database of its own."""

import os
from urllib.parse import quote

from tests.bench.mirrors import NOWHERE, PRIVATE, ROOT, SECRET_KEY

FOLDER = ROOT / "var" / "soak"
LOGS = FOLDER / "logs"


def prepare(database: str) -> None:
    """Set Django up on that database, with nothing out of the shell."""
    for name in PRIVATE:
        os.environ.pop(name, None)
    os.environ.update(
        DATABASE_URL=database,
        SECRET_KEY=SECRET_KEY,
        TELA_API_URL=NOWHERE,
        TELAREVIEW_VAR=str(FOLDER),
        DJANGO_SETTINGS_MODULE="telareview.settings",
    )
    import django

    django.setup()


def address() -> str:
    """DATABASE_URL of the database that this process uses, a test's own one included."""
    from django.db import connection

    used = connection.settings_dict
    person = f"{quote(str(used['USER']))}:{quote(str(used['PASSWORD']))}"
    return f"postgres://{person}@{used['HOST']}:{used['PORT']}/{used['NAME']}?sslmode=disable"
