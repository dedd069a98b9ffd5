"""How large the proofs are: small enough for every run by default, large with PROOFS=thorough."""

import os

THOROUGH = os.environ.get("PROOFS", "") == "thorough"


def sized(default: int, thorough: int) -> int:
    return thorough if THOROUGH else default
