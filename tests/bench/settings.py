"""The product's settings, and one page beside its own: Django's change list over the same table."""

from telareview.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.urls"
