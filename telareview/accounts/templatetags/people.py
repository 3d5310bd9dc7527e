"""`{{ address|person }}`: the e-mail address, or its pseudonym for a reader who may not see people."""

from django import template

from telareview.accounts.pseudonyms import person_shown

register = template.Library()
register.filter("person", person_shown)
