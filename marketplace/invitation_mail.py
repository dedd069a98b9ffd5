"""The letter of an invitation. Sent after the invitation is committed; who invites can also hand the link on.

A letter that cannot be sent is logged and not tried again: its owner sees the link, and can invite again.
"""

import logging

from django.conf import settings
from django.core.mail import send_mail

from marketplace.models import Invitation

logger = logging.getLogger(__name__)


def send(invitation: Invitation, *, link: str) -> bool:
    try:
        send_mail(
            _subject(invitation), _text(invitation, link), settings.DEFAULT_FROM_EMAIL, [invitation.email]
        )
    except Exception:  # whatever the mail server does, the invitation stands
        logger.exception("The letter of invitation %s could not be sent", invitation.pk)
        return False
    return True


def _subject(invitation: Invitation) -> str:
    return f"{invitation.organisation.name} invites you to the Deep Voting Market"


def _text(invitation: Invitation, link: str) -> str:
    return (
        f"{invitation.invited_by.get_username()} invites you to act for {invitation.organisation.name} "
        f"in the role {invitation.get_role_display()}.\n\n"
        f"Accept here, with your account or a new one:\n\n{link}\n\n"
        f"The link works once, until {invitation.expires_at:%Y-%m-%d %H:%M} UTC. "
        "If you do not know who writes to you, do nothing: nothing happens then.\n"
    )
