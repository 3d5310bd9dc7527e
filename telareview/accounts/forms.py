"""What a person may choose for themselves."""

from typing import Any, ClassVar
from zoneinfo import available_timezones

from allauth.account.forms import LoginForm
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from telareview.accounts.models import Person


class SignInForm(LoginForm):
    """allauth's form in the product's words; the page itself links to what a forgotten password needs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail")
        self.fields["login"].widget.attrs["autofocus"] = True
        self.fields["password"].help_text = ""
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class PreferencesForm(forms.ModelForm):
    class Meta:
        model = Person
        fields = ("name", "language", "time_zone", "theme", "density", "page_size", "shortcuts")

    #: An `<input list>`: four hundred zones are found faster by typing than by scrolling.
    zones: ClassVar[list[str]] = sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = self.fields["language"]
        assert isinstance(language, forms.TypedChoiceField)  # noqa: S101
        language.choices = [("", _("As the browser asks")), *settings.LANGUAGES]
        self.fields["time_zone"].widget = forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"})


class ThemeForm(forms.ModelForm):
    class Meta:
        model = Person
        fields = ("theme",)
