"""`accounts.pseudonyms` in SQL."""

from django.db.models import Expression, F, Func, TextField, Value

from telareview.accounts.models import Workspace
from telareview.accounts.pseudonyms import DIGITS, PREFIX, key_of


class Pseudonym(Func):
    """The pseudonym of the address in a field; null stays null."""

    template = f"('{PREFIX}' || left(encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex'), {DIGITS}))"
    arg_joiner = " || "
    output_field = TextField()

    def __init__(self, field: str | Expression, workspace: Workspace) -> None:
        value = F(field) if isinstance(field, str) else field
        super().__init__(Value(key_of(workspace)), Func(value, function="lower", output_field=TextField()))
