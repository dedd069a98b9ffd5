"""What people do about their own account: another password, and an end to every session.

A session is worth as much as the number and the password that it was begun under: when either changes, all
earlier sessions end with their next request, wherever they are kept.
"""

from datetime import datetime

from django.db.models import F

from accounting import audit
from accounting.writes import durable_write
from marketplace.models import User


@durable_write
def change_password(*, user: User, password: str, now: datetime) -> User:
    """The form has asked for the old one and judged the new one."""
    user.set_password(password)
    User.objects.filter(pk=user.pk).update(password=user.password)
    _record(user, "user.password_changed", {"changed": ["password"]}, now)
    return user


@durable_write
def end_sessions(*, user: User, now: datetime) -> User:
    User.objects.filter(pk=user.pk).update(sign_in_round=F("sign_in_round") + 1)
    user.refresh_from_db(fields=["sign_in_round"])
    _record(user, "user.sessions_ended", {"sign_in_round": user.sign_in_round}, now)
    return user


def _record(user: User, action: str, after: dict[str, object], now: datetime) -> None:
    audit.record(
        acting_user=user.username, action=action, subject=f"user:{user.username}", after=after, now=now
    )
