"""The form of one new task: its fields are made from what the app asks for, or are free names and values."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from telareview.review.asks import Asked
from telareview.review.file_kinds import check_file, media_type
from telareview.review.models import Batch
from telareview.review.problems import problem, sentence
from telareview.review.rows import FILE_ADDRESSES, MOST_NAME_CHARACTERS, RowDraft, check_name, put_value
from telareview.tela.canvas import FILE, Variable

#: Names and values that can be given where the app's own are not known.
FREE_ROWS = 6
#: They stand side by side where there is room (`pieces.css`).
BESIDE = {"data-free": True}
ADDRESSES = "https:// …, vault:// …"
MARK = r"telareview:[0-9a-f]{16}"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent with the form."""

    variable: Variable
    name: str
    media_type: str
    content: bytes


class FilesInput(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [super(FilesField, self).clean(each, initial) for each in data or ()]


class NewTaskForm(forms.Form):
    """`draft` and `uploads` after `is_valid`."""

    once = forms.RegexField(MARK, widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("Name"), max_length=MOST_NAME_CHARACTERS, required=False, help_text=_("Usually the name of the file.")
    )
    tags = forms.CharField(label=_("Tags"), required=False, help_text=_("Several are divided by commas."))

    def __init__(self, *args: Any, asked: Asked, can_tell: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = asked
        self.draft = RowDraft(1, "")
        self.uploads: list[Upload] = []
        if asked.variables is not None:
            for place, variable in enumerate(asked.variables):
                self._add_variable(place, variable)
        else:
            for place in range(FREE_ROWS):
                self._add_free(place)
        self.fields["way"] = forms.ChoiceField(
            label=_("Create"), choices=Batch.Way.choices, initial=Batch.Way.TASK, widget=forms.RadioSelect
        )
        self.fields["way"].help_text = _("A completion takes neither name nor tags: Tela names the task itself.")
        if can_tell:
            self.fields["tell"] = forms.BooleanField(
                label=_("Let Tela tell us by webhook when it has run"), required=False, initial=True
            )

    def _add_variable(self, place: int, variable: Variable) -> None:
        hint = variable.description
        label = f"{variable.name} *" if variable.required else variable.name
        if variable.takes_many:
            self.fields[f"f{place}"] = FilesField(label=label, required=False, help_text=hint)
            self.fields[f"v{place}"] = forms.CharField(
                label=_("… and addresses of files, one a line"),
                required=False,
                help_text=ADDRESSES,
                widget=forms.Textarea({"rows": 2}),
            )
        elif variable.is_file:
            self.fields[f"f{place}"] = forms.FileField(label=label, required=False, help_text=hint)
            self.fields[f"v{place}"] = forms.CharField(
                label=_("… or the address of a file"), required=False, help_text=ADDRESSES
            )
        else:
            self.fields[f"v{place}"] = forms.CharField(
                label=label, required=False, help_text=hint, widget=forms.Textarea({"rows": 2})
            )

    def _add_free(self, place: int) -> None:
        self.fields[f"n{place}"] = forms.CharField(
            label=_("Name of a value"), required=False, widget=forms.TextInput(BESIDE)
        )
        self.fields[f"v{place}"] = forms.CharField(
            label=_("Value, or the address of a file"), required=False, widget=forms.Textarea({**BESIDE, "rows": 1})
        )
        self.fields[f"f{place}"] = forms.FileField(
            label=_("… or a file"), required=False, widget=forms.FileInput(BESIDE)
        )

    def clean(self) -> None:
        draft = self.draft
        given = self.cleaned_data
        draft.name, tags = given.get("name", "").strip(), given.get("tags", "")
        draft.tags = [tag.strip() for tag in tags.split(",") if tag.strip()]
        for place, variable in self._asked():
            self._take(place, variable)
        if not draft.name and self.uploads:
            draft.name = self.uploads[0].name
        if not draft.name and given.get("way") == Batch.Way.COMPLETION:
            draft.name = str(_("Completion"))
        before = len(draft.problems)
        check_name(draft)
        for found in draft.problems[before:]:
            self.add_error("name", sentence(found))

    def _asked(self) -> list[tuple[int, Variable]]:
        if self.asked.variables is not None:
            return list(enumerate(self.asked.variables))
        free = [(place, self.cleaned_data.get(f"n{place}", "").strip()) for place in range(FREE_ROWS)]
        return [(place, self._free_variable(place, name)) for place, name in free if name]

    def _free_variable(self, place: int, name: str) -> Variable:
        value = self.cleaned_data.get(f"v{place}", "").strip()
        is_file = value.startswith(FILE_ADDRESSES) or self.cleaned_data.get(f"f{place}") is not None
        return Variable(name=name, type=FILE if is_file else "text", required=False, description="")

    def _take(self, place: int, variable: Variable) -> None:
        given, value = self.cleaned_data.get(f"f{place}"), (self.cleaned_data.get(f"v{place}") or "").strip()
        files = given if isinstance(given, list) else [given] if given is not None else []
        for each in files:
            content = each.read()
            if found := check_file(each.name, content):
                self.add_error(f"f{place}", f"{each.name}: {sentence(found)}" if len(files) > 1 else sentence(found))
            self.uploads.append(Upload(variable, each.name, media_type(each.name), content))
        if files and value and not variable.takes_many:
            self.add_error(f"v{place}", sentence(problem("file_or_address")))
        if files and not (value and variable.takes_many):
            return
        before = len(self.draft.problems)
        put_value(self.draft, variable, value)
        for found in self.draft.problems[before:]:
            self.add_error(f"v{place}", sentence(found))


def app_of(text: str) -> UUID | None:
    """The app that an address or a form names."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None
