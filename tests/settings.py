"""The settings of the tests: the product's own, on files of this run alone, with work done at once.

The environment is set before the product's settings read it; pytest-django loads this module first of all.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_VAR = Path(tempfile.mkdtemp(prefix="deep-voting-tests-"))
atexit.register(shutil.rmtree, _VAR, ignore_errors=True)
os.environ["VAR_DIR"] = str(_VAR)
os.environ["WORK_MODE"] = "immediate"
os.environ["CORE_SLUG"] = "tiny"
os.environ["CORE_DIRECTORY"] = str(_VAR / "cores" / "tiny")
os.environ["SECRET_KEY"] = "only-for-tests-" + "x" * 40

from config.settings import *  # noqa: E402, F403 (the environment comes first; settings are meant to be all)

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, as in the product: threads wait for each other, which a shared memory database cannot.
    DATABASES["default"].setdefault("TEST", {}).setdefault("NAME", str(_VAR / "tests.sqlite3"))  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one costs a quarter second
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
