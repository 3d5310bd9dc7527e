"""Settings: read once from the environment, typed, with secure defaults. README lists every variable."""

from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from telareview import env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = env.folder("TELAREVIEW_VAR", BASE_DIR / "var")

DEBUG = env.flag("DEBUG")
SECRET_KEY = env.text("SECRET_KEY")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. Set it to 50 or more random characters "
        "(`./run demo`, `./run serve` and `./run manage` make one and keep it in the state folder)."
    )
ALLOWED_HOSTS = env.listed("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"))

# --- Tela -------------------------------------------------------------------------------------------------

TELA_API_URL = env.text("TELA_API_URL", "https://api.tela.com")
TELA_API_KEY = env.text("TELA_API_KEY")
TELA_WEBHOOK_SECRET = env.text("TELA_WEBHOOK_SECRET")
TELA_ALLOW_WRITES = env.flag("TELA_ALLOW_WRITES")
if urlsplit(TELA_API_URL).scheme not in {"http", "https"} or not urlsplit(TELA_API_URL).hostname:
    raise ImproperlyConfigured(
        f"TELA_API_URL is {TELA_API_URL!r}. Set it to an address such as https://api.tela.com, or unset it."
    )

# --- What is installed ------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "telareview.web",
    "telareview.accounts",
    "telareview.ledger",
    "telareview.tasks",
    "telareview.sync",
    "telareview.exports",
    "telareview.demo",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "django_htmx",
    "pgtrigger",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "telareview.accounts.middleware.SessionMiddleware",
    "telareview.accounts.middleware.ReaderMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "telareview.accounts.access.WorkspaceMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "telareview.urls"
WSGI_APPLICATION = "telareview.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database ---------------------------------------------------------------------------------------------

DATABASE_URL = env.text("DATABASE_URL")
if not DATABASE_URL:
    raise ImproperlyConfigured(
        "DATABASE_URL is not set. Set it to postgres://user:password@host:5432/name; `./run demo`, `./run serve` "
        "and `./run test` start an embedded PostgreSQL by themselves when it is unset."
    )
try:
    DATABASES = {"default": dj_database_url.parse(DATABASE_URL, conn_max_age=60, conn_health_checks=True)}
except (dj_database_url.ParseError, dj_database_url.UnknownSchemeError, ValueError) as error:
    raise ImproperlyConfigured(
        "DATABASE_URL cannot be read. Set it to postgres://user:password@host:5432/name."
    ) from error
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must begin with postgres://: telareview keeps its mirror in PostgreSQL only.")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People -----------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_REDIRECT_URL = "/tasks/"
LOGIN_URL = "/accounts/login/"

# --- Language, time, static files -------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("pt-br", _("Portuguese (Brazil)"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
WHITENOISE_USE_FINDERS = True

# --- What a browser may do --------------------------------------------------------------------------------

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
}
