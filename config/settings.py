"""Every setting, in one file: where data lives, what runs, what it costs, how it is secured.

Embedded default: SQLite, no broker, files under var/. With DATABASE_URL and REDIS_URL set the same code
runs on PostgreSQL, Celery and Redis Streams. No secret stands here.
"""

import os
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.templatetags.static import static
from django.urls import reverse_lazy

from config import environment

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(environment.text("VAR_DIR", str(BASE_DIR / "var"))).resolve()
VAR_DIR.mkdir(parents=True, exist_ok=True)
VERSION = "0.1.0"

# --- core ---------------------------------------------------------------------------------------------
SECRET_KEY = environment.secret("SECRET_KEY", kept_in=VAR_DIR / "keys")
DEBUG = environment.flag("DEBUG")
ALLOWED_HOSTS = environment.listed("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1],testserver")
CSRF_TRUSTED_ORIGINS = environment.listed("CSRF_TRUSTED_ORIGINS")
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "marketplace.console.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "accounting",
    "marketplace",
    "inference",
    "workers",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "marketplace.console.content_policy.ContentPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "marketplace.User"
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in"

# --- data ---------------------------------------------------------------------------------------------
DATABASE_URL = environment.text("DATABASE_URL")
REDIS_URL = environment.text("REDIS_URL")


def _database() -> dict[str, Any]:
    if (
        DATABASE_URL
    ):  # ASGI runs each request in a thread of its own: a connection kept open would never be reused
        return dict(dj_database_url.parse(DATABASE_URL, conn_max_age=0))
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(VAR_DIR / "db.sqlite3"),
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        },
    }


DATABASES: dict[str, Any] = {"default": _database()}
if environment.text("TEST_DATABASE_NAME"):
    DATABASES["default"]["TEST"] = {"NAME": environment.text("TEST_DATABASE_NAME")}

# --- files: uploads and partitions, content-addressed --------------------------------------------------
OBJECT_STORE_DIR = Path(environment.text("OBJECT_STORE_DIR", str(VAR_DIR / "objects")))
OBJECT_STORE_BUCKET = environment.text("OBJECT_STORE_BUCKET")  # set: S3 through django-storages
UPLOAD_LIMIT_BYTES = environment.whole("UPLOAD_LIMIT_BYTES", 50 * 1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 1000

# --- work: where long jobs and answers run --------------------------------------------------------------
# "embedded": threads of the one `manage.py serve` process; "celery": workers over Redis; "immediate": tests.
WORK_MODE = environment.text("WORK_MODE", "celery" if REDIS_URL else "embedded")
WORK_RUNNERS = {
    "embedded": "workers.embedded.submit",
    "celery": "config.celery.submit",
    "immediate": "marketplace.work.run_now",
}
ZERO_INFLUENCE_ENGINE = "inference.zero_influence_asking.ask"  # how the market has logits compared
HEAT_MAP = "inference.asking_tokens.ask"  # how a page gets what each source moved at each token
TOPIC_JUDGE = "inference.asking_topics.ask"  # how the market has a question judged without an encoder
ANSWERS_WAITING = environment.whole("ANSWERS_WAITING", 256)  # for all engines; the next one is told 429
ANSWERS_WAITING_PER_CONSUMER = environment.whole("ANSWERS_WAITING_PER_CONSUMER", 64)
ANSWERS_AT_ONCE = environment.whole("ANSWERS_AT_ONCE", 8)  # by one engine: their rows share its passes
ANSWERS_AT_ONCE_PER_CONSUMER = environment.whole(  # places are left for others, whoever asks most
    "ANSWERS_AT_ONCE_PER_CONSUMER", max(1, ANSWERS_AT_ONCE * 3 // 4)
)
ENGINE_THREADS = environment.whole("ENGINE_THREADS", 2)  # torch threads of the one engine thread
# libgomp reads these once, when a process first loads torch. Threads that wait spin for a short while (it
# spins thirty times longer by itself): engine, trainer and HTTP share the cores.
os.environ.setdefault("OMP_NUM_THREADS", str(ENGINE_THREADS))
os.environ.setdefault("GOMP_SPINCOUNT", "10000")
TRAINER_THREADS = environment.whole("TRAINER_THREADS", 2)
TRAIN_LEASE_SECONDS = environment.whole("TRAIN_LEASE_SECONDS", 120)  # renewed by the worker that trains
TRAIN_LIMIT_SECONDS = environment.whole("TRAIN_LIMIT_SECONDS", 6 * 3600)
UPKEEP_SECONDS = environment.number("UPKEEP_SECONDS", 30)  # how often lost holds and lost work are looked for
UPKEEP_SCHEDULE = {  # task name -> seconds between two runs; Celery beat and the embedded ticker follow it
    "workers.tasks.expire_holds": UPKEEP_SECONDS,
    "workers.tasks.expire_transfers": UPKEEP_SECONDS,
    "workers.tasks.keep_budgets": UPKEEP_SECONDS,
    "workers.tasks.keep_catalogue": UPKEEP_SECONDS,
    "workers.tasks.compare_sources": UPKEEP_SECONDS,
    "workers.tasks.take_up_lost_work": UPKEEP_SECONDS,
    "workers.tasks.delete_expired_transcripts": 3600.0,
    "workers.tasks.forget_old_counts": 24 * 3600.0,
    "workers.tasks.seal_books": 60.0,
    "workers.tasks.verify_books": 24 * 3600.0,
}
HEARTBEAT_SECONDS = environment.number("HEARTBEAT_SECONDS", 3)  # of a worker, to each answer that it holds
ANSWER_SILENCE_SECONDS = environment.number("ANSWER_SILENCE_SECONDS", 20)  # then its worker counts as dead

# --- model ----------------------------------------------------------------------------------------------
CORE_SLUG = environment.text("CORE_SLUG", "smollm2-135m-instruct")
CORE_DIRECTORY = Path(environment.text("CORE_DIRECTORY", str(VAR_DIR / "cores" / CORE_SLUG)))
ENCODER = environment.text("ENCODER", "all-minilm-l6-v2")  # a packaged name, a directory, or a hub name
# What an engine keeps of partitions between answers; those in use stay whatever it says.
PARTITION_MEMORY_BYTES = environment.whole("PARTITION_MEMORY_BYTES", 2**30)
# Keys and values of sources' leading passages, which later answers need not read again.
PREFIX_MEMORY_BYTES = environment.whole("PREFIX_MEMORY_BYTES", 512 * 2**20)
SEATS = environment.whole("SEATS", 8)  # voters of one answer, beside the core
ALPHA = environment.number("ALPHA", 2.0)  # Renyi order of every nat in this deployment; never change it later
ADAPTER_TOKENS = environment.whole("ADAPTER_TOKENS", 8000)  # training tokens a source, unless asked for more

# --- policies -------------------------------------------------------------------------------------------
# Which publications wait for a policy reviewer: none, the first one of a source, or every new policy.
PUBLISHING_REVIEW = environment.one_of("PUBLISHING_REVIEW", ("none", "first", "every"))

# --- money ----------------------------------------------------------------------------------------------
PLATFORM_FEE_BASIS_POINTS = environment.whole("PLATFORM_FEE_BASIS_POINTS", 500)
DEFAULT_NATS_PER_TOKEN = 4  # the platform's default answer cap, times max_tokens
HOLD_BLOCK_TOKENS = 32
WATERMARK_TOKENS = 16
POLICY_LOOK_SECONDS = 0.02  # a change counts for every token that begins so long after it was committed
# What the platform tops every asking organisation's wallet up to, once a UTC month; 0: nothing is free.
FREE_CREDIT_MICRO_USD_A_MONTH = environment.whole("FREE_CREDIT_MICRO_USD_A_MONTH", 0)
STRIPE_SECRET_KEY = environment.given_secret("STRIPE_SECRET_KEY")  # empty: no payments by card
STRIPE_WEBHOOK_SECRET = environment.given_secret("STRIPE_WEBHOOK_SECRET")  # of the endpoint /webhooks/stripe
PAYOUT_MINIMUM_MICRO_USD = environment.whole("PAYOUT_MINIMUM_MICRO_USD", 10_000_000)  # of one payout
HOLD_SECONDS = environment.whole("HOLD_SECONDS", 600)
RECEIPT_SIGNING_KEY = environment.text("RECEIPT_SIGNING_KEY")  # a PEM, if it is not to be read from a file
RECEIPT_SIGNING_KEY_FILE = environment.signing_key_file("RECEIPT_SIGNING_KEY", kept_in=VAR_DIR / "keys")
RECEIPT_RETIRED_KEYS = environment.text("RECEIPT_RETIRED_KEYS")  # public keys of earlier receipts: a JWK Set
RECEIPT_RETIRED_KEYS_FILE = environment.file(
    "RECEIPT_RETIRED_KEYS", kept_in=VAR_DIR / "keys" / "receipt_retired_keys.json"
)
AUDIT_HEADS_FILE = environment.file("AUDIT_HEADS", kept_in=VAR_DIR / "keys" / "audit_heads.json")

# --- mail: letters to owners about their budgets -------------------------------------------------------
# Without a mail server letters are files under var/mail: nothing is lost and nothing has to be installed.
EMAIL_HOST = environment.text("EMAIL_HOST")
EMAIL_PORT = environment.whole("EMAIL_PORT", 587 if EMAIL_HOST else 25)
EMAIL_HOST_USER = environment.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = environment.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = EMAIL_PORT == 587
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
DEFAULT_FROM_EMAIL = environment.text("MAIL_FROM") or "market@localhost"

# --- answers --------------------------------------------------------------------------------------------
TRANSCRIPT_SECRET = environment.secret("TRANSCRIPT_SECRET", kept_in=VAR_DIR / "keys")  # prompts at rest
TRANSCRIPT_DAYS = environment.whole("TRANSCRIPT_DAYS", 30)
INFLUENCE_EVENT_TOKENS = environment.whole(
    "INFLUENCE_EVENT_TOKENS", 8
)  # how often a stream says how it stands; 0: never
ANSWER_SECONDS = environment.whole("ANSWER_SECONDS", 600)  # the longest that an answer may take
ANSWER_LEASE_SECONDS = environment.whole("ANSWER_LEASE_SECONDS", 120)  # silence after which an engine is dead
PLANS_PER_MINUTE = environment.whole("PLANS_PER_MINUTE", 60)  # per organisation

# --- web ------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns of a directory that is not there
WHITENOISE_USE_FINDERS = True
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "marketplace.api.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "marketplace.api.negotiation.Negotiation",
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "marketplace.api.pagination.PageByCursor",
    "DEFAULT_THROTTLE_CLASSES": ["marketplace.api.throttling.RequestsPerMinute"],
    "EXCEPTION_HANDLER": "marketplace.api.problems.handle",
}
API_REQUESTS_PER_MINUTE = environment.whole("API_REQUESTS_PER_MINUTE", 600)  # per key, person or address
CACHES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Deep Voting Market",
    "DESCRIPTION": "Data sources vote on every token; each is measured, limited and paid for its influence.",
    "VERSION": VERSION,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": r"/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "marketplace.api.schema_rules.document_framework_answers",
    ],
}

# --- security -------------------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = environment.flag("HTTPS_ONLY")
CSRF_COOKIE_SECURE = environment.flag("HTTPS_ONLY")
SECURE_SSL_REDIRECT = environment.flag("HTTPS_ONLY")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if environment.flag("HTTPS_ONLY") else None
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    },
}
# The console draws itself with evaluated expressions and inline styles; everything else is as strict.
CONSOLE_PREFIX = "/admin/"
CONSOLE_CONTENT_SECURITY_DIRECTIVES: dict[str, Any] = {
    **CONTENT_SECURITY_POLICY["DIRECTIVES"],
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}
AUTHENTICATION_BACKENDS = ["marketplace.console.backend.StaffBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

# --- console --------------------------------------------------------------------------------------------


def _page(title: str, icon: str, name: str, duty: str) -> dict[str, Any]:
    return {
        "title": title, "icon": icon, "link": reverse_lazy(f"admin:{name}"),
        "permission": lambda request: request.user.has_perm(duty),
    }  # fmt: skip


def _rows(title: str, icon: str, model: str) -> dict[str, Any]:
    app, name = model.split("_")
    return {
        "title": title, "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist"),
        "permission": lambda request: request.user.has_perm(f"{app}.view_{name}"),
    }  # fmt: skip


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Console · Deep Voting Market",
    "SITE_HEADER": "Deep Voting Market",
    "SITE_SUBHEADER": "Operators' console",
    "SITE_ICON": lambda _request: static("marketplace/icon.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("marketplace/icon.svg")}
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [lambda _request: static("marketplace/console.css")],
    "DASHBOARD_CALLBACK": "inference.console.first_page",
    "BORDER_RADIUS": "8px",
    "COLORS": {  # the portal's green, from nearly white to nearly black
        "primary": {
            "50": "#eef7f4", "100": "#d8ede6", "200": "#b3dccf", "300": "#83c4b2", "400": "#4fa690",
            "500": "#3aa58d", "600": "#156b5a", "700": "#0d5a4c", "800": "#0c473d", "900": "#0b3b33",
            "950": "#05231e",
        },
    },
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": [
            {"items": [
                {"title": "Overview", "icon": "monitoring", "link": reverse_lazy("admin:index")},
                {"title": "Owners' portal", "icon": "storefront", "link": reverse_lazy("portal:home"),
                 "active": lambda _request: False},
            ]},
            {"title": "Policies", "separator": True, "items": [
                _rows("Review queue", "rate_review", "marketplace_reviewitem"),
                _rows("Policies", "gavel", "marketplace_policyversion"),
                _rows("Agreements", "handshake", "marketplace_agreement"),
                _rows("Letters on agreements", "mail", "marketplace_agreementnotice"),
                _rows("Policies called off", "event_busy", "marketplace_policycancellation"),
                _rows("Policy templates", "content_copy", "marketplace_policytemplate"),
                _page("Purposes", "account_tree", "purposes", "marketplace.see_purposes"),
                _page("Simulator", "science", "simulator", "marketplace.simulate_policy"),
                _page("Refusals by clause", "insights", "refusals", "marketplace.see_refusals"),
                _rows("Requests by day", "bar_chart", "marketplace_requestcount"),
                _rows("Refusals by day", "do_not_disturb_on", "marketplace_refusalcount"),
            ]},
            {"title": "Market", "separator": True, "items": [
                _rows("Sources", "library_books", "marketplace_source"),
                _rows("Versions", "history", "marketplace_sourceversion"),
                _rows("Documents", "description", "marketplace_document"),
                _rows("Terms in texts", "copyright", "marketplace_rightsfinding"),
                _rows("Readings of texts", "plagiarism", "marketplace_rightsreading"),
                _rows("Catalogue entries", "list_alt", "marketplace_catalogueentry"),
                _rows("Last changes", "update", "marketplace_sourcechange"),
                _rows("Window budgets", "calendar_today", "marketplace_windowbudget"),
                _rows("Budget alerts", "notifications", "marketplace_budgetalert"),
                _rows("Near-duplicates", "content_copy", "marketplace_resemblance"),
                _rows("Zero influence", "verified", "marketplace_zeroinfluence"),
                _rows("Partitions", "account_tree", "marketplace_partition"),
                _rows("Trainings", "model_training", "marketplace_job"),
            ]},
            {"title": "Answers", "separator": True, "items": [
                _rows("Answers", "forum", "inference_answer"),
                _rows("Sealed transcripts", "lock", "inference_sealedtranscript"),
            ]},
            {"title": "Books", "separator": True, "items": [
                _rows("Accounts", "account_balance", "accounting_account"),
                _rows("Transfers", "swap_horiz", "accounting_transfer"),
                _rows("Holds", "hourglass_top", "accounting_hold"),
                _rows("Seats held", "event_seat", "accounting_holdline"),
                _rows("Receipts", "receipt_long", "accounting_receipt"),
                _rows("Receipt lines", "format_list_bulleted", "accounting_receiptline"),
                _rows("Top-ups", "add_card", "accounting_topup"),
                _rows("Claims on top-ups", "undo", "accounting_topupclaim"),
                _rows("Debts", "money_off", "accounting_debt"),
                _rows("Payment events", "webhook", "accounting_paymentevent"),
                _rows("Refunds", "undo", "accounting_refund"),
                _rows("Payouts", "outbound", "accounting_payout"),
                _rows("Operations", "fingerprint", "accounting_operation"),
            ]},
            {"title": "People", "separator": True, "items": [
                _rows("Organisations", "corporate_fare", "marketplace_organisation"),
                _rows("Memberships", "badge", "marketplace_membership"),
                _rows("Invitations", "forward_to_inbox", "marketplace_invitation"),
                _rows("People", "person", "marketplace_user"),
                _rows("Staff roles", "admin_panel_settings", "marketplace_staffrole"),
                _rows("Consumer groups", "groups", "marketplace_consumergroup"),
                _rows("Proved domains", "domain_verification", "marketplace_verifieddomain"),
                _rows("Claimed domains", "domain", "marketplace_domainclaim"),
                _rows("API keys", "key", "marketplace_apikey"),
                _rows("Spend caps a day", "calendar_clock", "marketplace_dayspendcap"),
                _rows("Kept replies", "replay", "marketplace_keptreply"),
                _page("Audit search", "manage_search", "audit-search", "accounting.view_auditevent"),
                _rows("Audit log", "policy", "accounting_auditevent"),
                _rows("Seals", "link", "accounting_seal"),
            ]},
        ],
    },
}  # fmt: skip

# --- logs -----------------------------------------------------------------------------------------------
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": environment.text("LOG_LEVEL", "WARNING")},
}
