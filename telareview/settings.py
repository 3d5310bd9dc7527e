"""Settings: read once from the environment, typed, with secure defaults. README lists every variable."""

import logging
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from telareview import env
from telareview.ledger.places import read_places
from telareview.web.client import is_loopback
from telareview.web.logs import configure_structlog, logging_config
from telareview.web.mail import read_mail_server
from telareview.web.redaction import never_log, never_log_password_of

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = env.folder("TELAREVIEW_VAR", BASE_DIR / "var")

DEBUG = env.flag("DEBUG")
SECRET_KEY = env.text("SECRET_KEY")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. Set it to 50 or more random characters "
        "(`./run demo`, `./run serve` and `./run manage` make one and keep it in the state folder)."
    )
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
ALLOWED_HOSTS = env.listed("ALLOWED_HOSTS", LOOPBACK_HOSTS)

#: True as soon as another machine may reach us: then there is a proxy in front that speaks https, every http address is
#: sent there, and cookies are for https only. On this machine alone (the default) http is allowed.
HTTPS = not DEBUG and not all(host == "localhost" or is_loopback(host.strip("[]")) for host in ALLOWED_HOSTS)
#: How many proxies of our own stand in front; only what they wrote into X-Forwarded-For is believed.
TRUSTED_PROXY_HOPS = 1 if HTTPS else 0
# Health checks on the machine itself use its own name.
ALLOWED_HOSTS += [host for host in LOOPBACK_HOSTS if host not in ALLOWED_HOSTS]

# --- Tela -------------------------------------------------------------------------------------------------

TELA_API_URL = env.text("TELA_API_URL", "https://api.tela.com")
#: Whether the environment names the address; a stored one stays otherwise.
TELA_API_URL_GIVEN = bool(env.text("TELA_API_URL"))
TELA_API_KEY = env.text("TELA_API_KEY")
TELA_WEBHOOK_SECRET = env.text("TELA_WEBHOOK_SECRET")
TELA_ALLOW_WRITES = env.flag("TELA_ALLOW_WRITES")
if urlsplit(TELA_API_URL).scheme not in {"http", "https"} or not urlsplit(TELA_API_URL).hostname:
    raise ImproperlyConfigured(
        f"TELA_API_URL is {TELA_API_URL!r}. Set it to an address such as https://api.tela.com, or unset it."
    )

# --- Seals ------------------------------------------------------------------------------------------------

#: Where signed checkpoints are brought, so that history cannot be rewritten together with them.
SEAL_PLACES = read_places(
    file=env.text("TELAREVIEW_SEAL_FILE"),
    mail=env.listed("TELAREVIEW_SEAL_MAIL"),
    webhooks=env.listed("TELAREVIEW_SEAL_WEBHOOK"),
)

# --- What is installed ------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "telareview.web",
    "telareview.accounts",
    "telareview.ledger",
    "telareview.tasks",
    "telareview.sync",
    "telareview.exports",
    "telareview.review",
    "telareview.demo",
    "telareview.accounts.apps.AdministrationConfig",
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
    "django_structlog",
    "pgtrigger",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "telareview.web.static_files.StaticFilesMiddleware",
    "telareview.web.middleware.RequestLogMiddleware",
    "telareview.web.middleware.BodyLimitMiddleware",
    "telareview.web.middleware.PermissionsPolicyMiddleware",
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
                "telareview.web.context.page",
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
    raise ImproperlyConfigured(
        "DATABASE_URL must begin with postgres://: telareview keeps its mirror in PostgreSQL only."
    )
#: Owns the tables and runs the migrations (`ledger/privileges.py`); the web server and the worker do not know it.
DATABASE_OWNER_URL = env.text("DATABASE_OWNER_URL")
ROLE = ("USER", "PASSWORD")
DATABASE_APP = {key: DATABASES["default"].get(key, "") for key in ROLE}
try:
    _owner = dj_database_url.parse(DATABASE_OWNER_URL) if DATABASE_OWNER_URL else None
except (dj_database_url.ParseError, dj_database_url.UnknownSchemeError, ValueError) as error:
    raise ImproperlyConfigured(
        "DATABASE_OWNER_URL cannot be read. Set it to postgres://owner:password@host:5432/name."
    ) from error
if _owner and any(_owner.get(key) != DATABASES["default"].get(key) for key in ("ENGINE", "HOST", "PORT", "NAME")):
    raise ImproperlyConfigured("DATABASE_OWNER_URL must name the same database as DATABASE_URL, with another user.")
DATABASE_OWNER = {key: _owner.get(key, "") for key in ROLE} if _owner else {}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

#: `pages`: pieces of pages and what they are made of, for seconds, so that the next reader does not wait for the same.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "pages": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "pages"},
}

# --- Background jobs --------------------------------------------------------------------------------------

#: Every room declares its jobs in a module of this name, so that a worker knows them all without importing upwards.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

# --- Exports ----------------------------------------------------------------------------------------------

#: How long the file of an export can be fetched again, and how much space all files together may take.
EXPORT_KEEP_HOURS = env.whole_number("TELAREVIEW_EXPORT_HOURS", 24, least=1)
EXPORT_SPACE_BYTES = env.whole_number("TELAREVIEW_EXPORT_SPACE_MB", 10_000, least=10) * 1_000_000

# --- People -----------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["telareview.accounts.backends.MemberBackend"]
LOGIN_REDIRECT_URL = "/tasks/"
LOGIN_URL = "/accounts/login/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

ACCOUNT_ADAPTER = "telareview.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {"login": "telareview.accounts.forms.SignInForm"}
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
# No tick box: the idle time below holds for everyone.
ACCOUNT_SESSION_REMEMBER = True

#: A session ends after so many seconds without a request, and a day after its sign-in (accounts/middleware.py).
SESSION_ENGINE = "telareview.accounts.sessions"
SESSION_COOKIE_AGE = ACCOUNT_SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
# With the prefix __Host- a browser takes the cookie over https from this very host only. Without it the name still
# differs from that of other programs on 127.0.0.1, which share cookies across ports.
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "telareview_session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "telareview_csrf"
CSRF_FAILURE_VIEW = "telareview.web.errors.form_expired"

# --- Mail -------------------------------------------------------------------------------------------------

MAILERS = {"default": {"OPTIONS": read_mail_server(env.text("EMAIL_URL", "smtp://localhost"))}}
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("EMAIL_FROM", "telareview@localhost")

# --- Language, time, static files -------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("pt-br", _("Portuguese (Brazil)"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Files are served from where they lie, with a hash of their content in the address: nothing has to be collected.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "telareview.web.static_files.VersionedStaticFiles"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False

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
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS

#: No form and no webhook of ours is larger; a longer body is refused before it is read.
MAX_BODY_BYTES = 1_000_000
#: At these addresses files are sent, and more may come; they read nothing before they have checked the sender's rights.
LARGE_BODY_BYTES = {"/tasks/new/": 30_000_000, "/tasks/new/many/": 250_000_000}
#: Files dropped at once.
DATA_UPLOAD_MAX_NUMBER_FILES = 500
DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
#: A review's form has up to three for each field of an output.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4_000

# --- Jobs -------------------------------------------------------------------------------------------------

#: Rooms above the one that has the worker.
PROCRASTINATE_IMPORT_PATHS = [
    "telareview.review.jobs",
    "telareview.review.bulk_jobs",
    "telareview.review.settling_jobs",
]

# --- Logs -------------------------------------------------------------------------------------------------

LOGGING = logging_config(readable=DEBUG)
configure_structlog()
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
# Bound by accounts/middleware.py, which has the person at hand; reading it here could ask the database once more.
DJANGO_STRUCTLOG_USER_ID_FIELD = None
for secret in (SECRET_KEY, TELA_API_KEY, TELA_WEBHOOK_SECRET):
    never_log(secret)
never_log_password_of(DATABASE_URL)
if DATABASE_OWNER_URL:
    never_log_password_of(DATABASE_OWNER_URL)
never_log_password_of(env.text("EMAIL_URL"))
for place in SEAL_PLACES:
    if place.kind == "webhook":
        never_log(place.address)
