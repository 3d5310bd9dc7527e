import gzip
import re

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.test import Client

from telareview.web import static_files

CSS = "css/telareview.css"


@pytest.fixture(autouse=True)
def _forget():
    static_files._lasting_version.cache_clear()


def test_the_address_of_a_file_carries_a_hash_of_its_content():
    assert re.fullmatch(r"/static/css/telareview\.css\?v=[0-9a-f]{12}", staticfiles_storage.url(CSS))


def test_another_content_has_another_address(tmp_path, settings):
    (tmp_path / "style.css").write_text("a {}")
    settings.STATICFILES_DIRS = [tmp_path]
    before = staticfiles_storage.url("style.css")
    (tmp_path / "style.css").write_text("b {}")
    static_files._lasting_version.cache_clear()

    assert staticfiles_storage.url("style.css") != before


def test_a_file_that_does_not_exist_breaks_no_page():
    assert staticfiles_storage.url("css/nowhere.css") == "/static/css/nowhere.css"


def test_with_its_hash_a_file_is_kept_for_ever_and_without_it_for_a_minute():
    lasting = Client().get(staticfiles_storage.url(CSS))
    plain = Client().get(f"/static/{CSS}")

    assert lasting.getvalue() == plain.getvalue() != b""
    assert lasting["Cache-Control"] == "max-age=31536000, public, immutable"
    assert plain["Cache-Control"] == "max-age=60, public"
    assert "Access-Control-Allow-Origin" not in lasting.headers


def test_text_travels_compressed_to_those_who_can_read_it():
    plain = Client().get(f"/static/{CSS}", headers={"Accept-Encoding": "identity"})
    zipped = Client().get(f"/static/{CSS}", headers={"Accept-Encoding": "br, gzip"})
    whole = plain.getvalue()

    assert "Content-Encoding" not in plain.headers
    assert zipped["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.content) == whole
    assert int(zipped["Content-Length"]) == len(zipped.content) < len(whole) / 2
    assert plain["Vary"] == zipped["Vary"] == "Accept-Encoding"
    assert zipped["ETag"] != plain["ETag"]


def test_a_part_of_a_file_and_its_head_are_not_compressed():
    zip_reader = {"Accept-Encoding": "gzip"}
    part = Client().get(f"/static/{CSS}", headers={**zip_reader, "Range": "bytes=0-9"})
    head = Client().head(f"/static/{CSS}", headers=zip_reader)

    assert (part.status_code, len(part.getvalue())) == (206, 10)
    assert head.status_code == 200
    assert "Content-Encoding" not in head.headers


def test_nothing_outside_the_static_folders_is_served():
    assert Client().get("/static/../telareview/settings.py").status_code == 404
    assert Client().get("/static/%2e%2e/telareview/settings.py").status_code == 404
