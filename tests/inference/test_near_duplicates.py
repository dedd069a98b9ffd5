"""Two sources with the same text vote, and are paid, as one; one in the privacy regime is never compared."""

import pytest

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def charges(scene) -> dict[str, int]:
    reply = scene.ask()
    assert reply.status_code == 200, reply.content
    return {one["source"]: one["charge_micro_usd"] for one in reply.json()["abc"]["sources"]}


def test_a_copy_under_another_owner_shares_the_seat_and_its_pay(scene):
    alone = charges(scene)["python-guide"]
    scene.offer("python-guide", scene.cast.second_owner, as_slug="copied-guide")
    together = charges(scene)
    assert set(together) == {"python-guide", "copied-guide"}
    assert abs(sum(together.values()) - alone) <= 0.05 * alone + 2, "what one would have earned, split"


def test_a_copy_in_the_privacy_regime_is_composed_out_and_left_alone(scene):
    from marketplace.models import Resemblance

    alone = charges(scene)
    privacy = {"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6}
    owner = scene.cast.second_owner
    scene.offer("python-guide", owner, as_slug="copied-guide", regime="privacy", privacy=privacy)
    assert charges(scene) == alone
    assert not Resemblance.objects.filter(common__gt=0.5, other__source__slug="copied-guide").exists()
