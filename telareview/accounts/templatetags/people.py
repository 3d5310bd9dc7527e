"""People as the reader may see them: an address `|person`, a sentence `|people`, a query string `|query_shown`."""

from django import template

from telareview.accounts.pseudonyms import person_shown, query_shown, text_shown

register = template.Library()
register.filter("person", person_shown)
register.filter("people", text_shown)
register.filter("query_shown", query_shown)
