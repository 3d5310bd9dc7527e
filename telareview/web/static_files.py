"""Static files without a build step: each address carries a hash of the content, and may be kept for ever."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]

HASH_CHARACTERS = 12
KEEP_FOR_EVER = "max-age=31536000, public, immutable"


class VersionedStaticFiles(StaticFilesStorage):
    """Adds `?v=<hash of the file>` to the address of every static file that exists."""

    def url(self, name: str | None, *args: Any, **kwargs: Any) -> str:
        address: str = super().url(name, *args, **kwargs)
        version = "" if not name else _version(name) if settings.DEBUG else _lasting_version(name)
        return f"{address}?v={version}" if version else address


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """Serves the files; an address with a version never has to be asked for again."""

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        response: HttpResponse = WhiteNoiseMiddleware.serve(static_file, request)
        if request.GET.get("v") and response.status_code in {200, 206, 304}:
            response["Cache-Control"] = KEEP_FOR_EVER
        return response


def _version(name: str) -> str:
    path = finders.find(name)
    if not isinstance(path, str) or not Path(path).is_file():
        return ""
    return sha256(Path(path).read_bytes()).hexdigest()[:HASH_CHARACTERS]


_lasting_version = lru_cache(maxsize=1024)(_version)
