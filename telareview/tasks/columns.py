"""Column types of the mirror that Django does not bring."""

from typing import Any

from django.db import models


class ExactJSONField(models.TextField):
    """JSON text kept to the letter (PostgreSQL `json`, not `jsonb`), read and written as `str`.

    `jsonb` would round nothing but refuses `\\u0000` and lone surrogates, and `float` decoding loses digits:
    measured in the contract of the mirror, every number and escape has to come back as Tela sent it.
    """

    def db_type(self, connection: Any) -> str:
        return "json"

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        return f"{sql}::text", params
