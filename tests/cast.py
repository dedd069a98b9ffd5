"""Who acts in the tests. Every endpoint and page is tried by those who may and by those who may not."""

from dataclasses import dataclass

from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from marketplace import access, organisations, staff
from marketplace.models import Organisation, Role, Staff, User
from marketplace.scopes import SCOPES

PASSWORD = "a long pass phrase"


@dataclass(frozen=True)
class Actor:
    """A person with an organisation and an API key of it."""

    user: User
    organisation: Organisation
    key: str

    @property
    def api(self) -> APIClient:
        """A client that shows the key."""
        client = APIClient(raise_request_exception=False)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {self.key}")
        return client

    @property
    def browser(self) -> Client:
        """A client that is signed in."""
        client = Client()
        client.force_login(self.user)
        return client

    def key_for(self, *scopes: str, **options) -> APIClient:
        """A client with a key of these scopes only."""
        _, plain = access.issue_key(
            organisation=self.organisation,
            name="narrow",
            acting_user=self.user,
            now=timezone.now(),
            scopes=scopes,
            **options,
        )
        client = APIClient(raise_request_exception=False)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
        return client

    def colleague(self, role: Role) -> "Actor":
        """Somebody else in the same organisation, acting with a role of their own."""
        user = User.objects.create_user(f"{self.organisation.slug}-{role}", password=PASSWORD)
        organisations.add_member(
            organisation=self.organisation,
            user=user,
            role=Role.OWNER,
            acting_user=self.user,
            now=timezone.now(),
        )
        actor = Actor(user, self.organisation, _key(user, self.organisation))
        organisations.add_member(
            organisation=self.organisation, user=user, role=role, acting_user=self.user, now=timezone.now()
        )
        return actor


@dataclass(frozen=True)
class Clerk:
    """A person who helps to run the market, and is in no organisation."""

    user: User

    @property
    def browser(self) -> Client:
        """A client that is signed in."""
        client = Client()
        client.force_login(self.user)
        return client


@dataclass(frozen=True)
class Cast:
    """owner and second_owner offer sources, buyer asks, outsider takes no part, operator runs the market."""

    owner: Actor
    second_owner: Actor
    buyer: Actor
    outsider: Actor
    operator: Actor

    @property
    def stranger(self) -> APIClient:
        """A client without a key."""
        return APIClient(raise_request_exception=False)

    def clerk(self, role: Staff) -> Clerk:
        """Somebody with this one staff role, given by the operator."""
        user = User.objects.create_user(f"clerk-{role}", password=PASSWORD)
        staff.grant(user=user, role=role, acting_user=self.operator.user, now=timezone.now())
        user.refresh_from_db()
        return Clerk(user)


def make_cast() -> Cast:
    operator = User.objects.create_superuser("operator", password=PASSWORD)
    return Cast(
        owner=_actor("owner"),
        second_owner=_actor("second-owner"),
        buyer=_actor("buyer", default_purpose="academic-research"),
        outsider=_actor("outsider"),
        operator=_actor("platform", user=operator, is_platform=True),
    )


def _actor(slug: str, *, user: User | None = None, is_platform: bool = False, **options) -> Actor:
    person = user or User.objects.create_user(slug, password=PASSWORD)
    organisation = organisations.create_organisation(
        slug=slug,
        name=slug.replace("-", " ").title(),
        acting_user=person,
        now=timezone.now(),
        is_platform=is_platform,
    )
    return Actor(person, organisation, _key(person, organisation, **options))


def _key(user: User, organisation: Organisation, **options) -> str:
    everything = [scope.name for scope in SCOPES.values() if scope.within is None]
    _, plain = access.issue_key(
        organisation=organisation,
        name="tests",
        acting_user=user,
        now=timezone.now(),
        **{"scopes": everything, **options},
    )
    return plain
