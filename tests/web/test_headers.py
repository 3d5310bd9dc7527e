"""What every answer carries, here and where another machine may reach us."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

ROOT = Path(__file__).resolve().parents[2]
READ_SETTINGS = """
import json
from django.conf import settings
from django.core.management import call_command
import django; django.setup()
call_command("check", deploy=True, fail_level="WARNING")
names = {names!r}
print("SETTINGS" + json.dumps({{name: getattr(settings, name) for name in names}}))
"""
#: Of the tests' own environment.
UNSET = {"ALLOWED_HOSTS", "DEBUG", "DJANGO_ALLOW_ASYNC_UNSAFE"}
WATCHED = [
    "ALLOWED_HOSTS",
    "CSRF_COOKIE_NAME",
    "CSRF_COOKIE_SECURE",
    "HTTPS",
    "SECURE_HSTS_SECONDS",
    "SECURE_PROXY_SSL_HEADER",
    "SECURE_SSL_REDIRECT",
    "SESSION_COOKIE_NAME",
    "SESSION_COOKIE_SECURE",
    "TRUSTED_PROXY_HOPS",
]


def settings_with(**environment: str) -> subprocess.CompletedProcess[str]:
    base = {name: value for name, value in os.environ.items() if name not in UNSET}
    return subprocess.run(
        [sys.executable, "-c", READ_SETTINGS.format(names=WATCHED)],
        cwd=ROOT,
        env={
            **base,
            "DJANGO_SETTINGS_MODULE": "telareview.settings",
            "SECRET_KEY": secrets.token_urlsafe(50),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def read(run: subprocess.CompletedProcess[str]) -> dict:
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.split("SETTINGS")[1])


def test_where_others_reach_us_everything_is_https_and_the_deploy_check_is_silent():
    run = settings_with(ALLOWED_HOSTS="review.example.com")
    found = read(run)

    assert found["HTTPS"] is found["SECURE_SSL_REDIRECT"] is True
    assert found["SESSION_COOKIE_SECURE"] is found["CSRF_COOKIE_SECURE"] is True
    assert found["SESSION_COOKIE_NAME"] == "__Host-session"
    assert found["CSRF_COOKIE_NAME"] == "__Host-csrf"
    assert found["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert found["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]
    assert found["TRUSTED_PROXY_HOPS"] == 1
    assert found["ALLOWED_HOSTS"] == ["review.example.com", "localhost", "127.0.0.1", "[::1]"]


@pytest.mark.parametrize("debug", ["0", "1"])
def test_a_wrong_setting_stops_the_start_with_its_name_and_the_way_to_mend_it(debug):
    run = settings_with(DATABASE_URL="sqlite:///here.db", DEBUG=debug)

    assert run.returncode != 0
    assert "DATABASE_URL must begin with postgres://" in run.stderr


def test_on_this_machine_alone_http_is_allowed_and_no_header_is_believed(settings):
    assert not settings.HTTPS
    assert not settings.SECURE_SSL_REDIRECT
    assert settings.SECURE_PROXY_SSL_HEADER is None
    assert settings.TRUSTED_PROXY_HOPS == 0
    assert not settings.SESSION_COOKIE_NAME.startswith("__Host-")


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/accounts/login/", "/accounts/signup/", "/nowhere/", "/healthz", "/metrics"])
def test_every_page_carries_the_limits_of_the_browser(address):
    headers = Client().get(address).headers

    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["style-src"] == policy["form-action"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "http:" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert len(headers["X-Request-Id"]) == 36


def test_a_foreign_host_name_is_refused():
    assert Client().get("/accounts/login/", headers={"Host": "evil.example"}).status_code == 400
