"""Static files without a build step: each address carries a hash of the content, and may be kept for ever."""

import gzip
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]

HASH_CHARACTERS = 12
KEEP_FOR_EVER = "max-age=31536000, public, immutable"
COMPRESSIBLE = frozenset({".css", ".js", ".svg", ".json", ".txt"})
#: Smaller ones fit a network packet anyway.
COMPRESS_FROM_BYTES = 1_000


class VersionedStaticFiles(StaticFilesStorage):
    """Adds `?v=<hash of the file>` to the address of every static file that exists."""

    def url(self, name: str | None, *args: Any, **kwargs: Any) -> str:
        address: str = super().url(name, *args, **kwargs)
        version = "" if not name else _version(name) if settings.DEBUG else _lasting_version(name)
        return f"{address}?v={version}" if version else address


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """Serves the files, compressed once per process; an address with a version is never asked for again."""

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        response: Any = WhiteNoiseMiddleware.serve(static_file, request)
        if response.status_code == 200 and request.method == "GET":
            response = _compressed(response, request)
        if request.GET.get("v") and response.status_code in {200, 206, 304}:
            response["Cache-Control"] = KEEP_FOR_EVER
        return response


def _compressed(response: Any, request: HttpRequest) -> Any:
    path = Path(response.file_to_stream.name)
    if path.suffix not in COMPRESSIBLE or int(response["Content-Length"]) < COMPRESS_FROM_BYTES:
        return response
    patch_vary_headers(response, ["Accept-Encoding"])
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return response
    body = _zipped(path, path.stat().st_mtime_ns)
    zipped = HttpResponse(body, headers=dict(response.headers))
    zipped["Content-Encoding"] = "gzip"
    zipped["Content-Length"] = str(len(body))
    # Another body needs another tag; a weak one says that both mean the same.
    zipped["ETag"] = f"W/{response['ETag']}"
    response.file_to_stream.close()
    return zipped


@lru_cache(maxsize=256)
def _zipped(path: Path, changed: int) -> bytes:
    return gzip.compress(path.read_bytes(), mtime=0)


def _version(name: str) -> str:
    path = finders.find(name)
    if not isinstance(path, str) or not Path(path).is_file():
        return ""
    return sha256(Path(path).read_bytes()).hexdigest()[:HASH_CHARACTERS]


_lasting_version = lru_cache(maxsize=1024)(_version)
