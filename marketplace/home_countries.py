"""Where an organisation is at home: its owner says it, an operator confirms it, and only then it counts.

What a consumer says of itself alone must not open a source (fail closed), so saying another country takes the
confirmation back at once.
"""

from datetime import datetime

from accounting import audit
from accounting.errors import Conflict, Invalid
from accounting.writes import durable_write
from marketplace.models import Organisation, User
from marketplace.policy import countries
from marketplace.roles import MANAGERS, require_operator, require_role


@durable_write
def say_country(
    *, organisation: Organisation, country: str, acting_user: User, now: datetime
) -> Organisation:
    """State or change the country, or take it back with an empty one; said again, it stays as it is."""
    require_role(acting_user=acting_user, organisation=organisation, roles=MANAGERS)
    if country and not countries.known(country):
        raise Invalid(
            f"'{country}' is not a country.",
            code="unknown_country",
            next_step="Use an ISO 3166-1 alpha-2 code, like DE or KE.",
        )
    locked = _locked(organisation)
    if locked.country == country:
        return locked
    before = _standing(locked)
    locked.country, locked.country_confirmed_at = country, None
    return _saved(locked, "organisation.country_said", before, acting_user, now)


@durable_write
def confirm_country(
    *, organisation: Organisation, country: str, acting_user: User, now: datetime
) -> Organisation:
    """An operator has seen proof of `country`: a Conflict if the organisation says another one by now."""
    require_operator(acting_user)
    locked = _locked(organisation)
    if not country or locked.country != country:
        raise Conflict(
            f"{locked.name} says {locked.country or 'no country'}, not {country or 'none'}.",
            code="country_changed",
            next_step="Look at what it says now and confirm that.",
        )
    if locked.country_confirmed_at is not None:
        return locked
    before = _standing(locked)
    locked.country_confirmed_at = now
    return _saved(locked, "organisation.country_confirmed", before, acting_user, now)


def _locked(organisation: Organisation) -> Organisation:
    return Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)


def _standing(organisation: Organisation) -> dict[str, object]:
    return {"country": organisation.country, "confirmed": organisation.country_confirmed_at is not None}


def _saved(
    organisation: Organisation, action: str, before: dict[str, object], acting_user: User, now: datetime
) -> Organisation:
    organisation.save(update_fields=["country", "country_confirmed_at"])
    audit.record(
        acting_user=acting_user.username, action=action, subject=f"organisation:{organisation.slug}",
        before=before, after=_standing(organisation), organisation_slug=organisation.slug, now=now,
    )  # fmt: skip
    return organisation
