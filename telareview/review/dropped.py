"""A drop of files: one task for each, with the variable that it goes into and what all of them share."""

import hashlib
from collections.abc import Iterable
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from telareview.review.asks import Asked
from telareview.review.file_kinds import check_file, media_type
from telareview.review.files import keep_file
from telareview.review.models import Batch, BatchRow
from telareview.review.problems import problem, sentence
from telareview.review.rows import RowDraft, check_name, keep_rows, put_value
from telareview.tela.canvas import FILE, Variable

#: The variable of most apps; offered where Tela does not tell what the app asks for.
USUAL_VARIABLE = "document"
MOST_NAME, MOST_TAGS = 100, 1_000


class DropForm(forms.Form):
    """`variable` and `common` (tags and values of every task) after `is_valid`."""

    prefix = "drop"

    def __init__(self, *args: Any, asked: Asked, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = asked
        self.common = RowDraft(0, "")
        self.variable: Variable | None = None
        choices = asked.file_variables
        if asked.variables is None:
            self.fields["variable"] = forms.CharField(
                label=_("Variable that each file goes into"), max_length=MOST_NAME, initial=USUAL_VARIABLE
            )
        elif len(choices) > 1:
            self.fields["variable"] = forms.ChoiceField(
                label=_("Each file goes into"), choices=[(each.name, each.name) for each in choices]
            )
        self.fields["tags"] = forms.CharField(
            label=_("Tags"), max_length=MOST_TAGS, required=False, help_text=_("Several are divided by commas.")
        )
        for place, variable in self._others():
            label = f"{variable.name} *" if variable.required and not variable.is_file else variable.name
            hint = (
                _("The same for each task: the address of a file.")
                if variable.is_file
                else _("The same for each task.")
            )
            self.fields[f"v{place}"] = forms.CharField(
                label=label, required=False, help_text=" · ".join(filter(None, [variable.description, str(hint)]))
            )

    @property
    def is_possible(self) -> bool:
        """Whether the app takes a file at all."""
        return self.asked.variables is None or bool(self.asked.file_variables)

    def clean(self) -> None:
        self.common.tags = [tag.strip() for tag in self.cleaned_data.get("tags", "").split(",") if tag.strip()]
        self.variable = self._chosen()
        for place, variable in self._others():
            value = (self.cleaned_data.get(f"v{place}") or "").strip()
            if variable == self.variable:
                if value:
                    self.add_error(f"v{place}", _("Each file goes in here, so no other can."))
                continue
            before = len(self.common.problems)
            put_value(self.common, variable, value)
            for found in self.common.problems[before:]:
                self.add_error(f"v{place}", sentence(found))

    def _others(self) -> list[tuple[int, Variable]]:
        """What else the app asks for; of file variables none where there is only one."""
        alone = len(self.asked.file_variables) == 1
        asked = enumerate(self.asked.variables or ())
        return [(place, variable) for place, variable in asked if not (variable.is_file and alone)]

    def _chosen(self) -> Variable | None:
        name = self.cleaned_data.get("variable", "")
        if self.asked.variables is None:
            return Variable(name=name, type=FILE, required=True, description="") if name else None
        files = self.asked.file_variables
        return next((each for each in files if each.name == name), files[0] if files and not name else None)


def keep_dropped(batch: Batch, variable: Variable, files: Iterable[tuple[str, bytes]], common: RowDraft) -> None:
    """A row for each dropped file, named after it, with the tags and values common to all.

    One that cannot be sent is kept with its problem, not its bytes.
    """
    seen: set[tuple[str, bytes]] = set()
    with transaction.atomic():
        for number, (name, content) in enumerate(files, 1):
            found, same = check_file(name, content), (name, hashlib.sha256(content).digest())
            if found is None and same in seen:
                found = problem("same_name")
            seen.add(same)
            problems = [found] if found else []
            draft = RowDraft(number, name, common.tags, dict(common.variables), problems)
            check_name(draft)
            keep_rows(batch, [draft])
            if not draft.problems:
                row = BatchRow.objects.get(batch=batch, number=number)
                keep_file(row, variable.name, name, media_type(name), content, in_list=variable.takes_many)
