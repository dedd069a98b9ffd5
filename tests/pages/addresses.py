"""Every address of the portal, so that no page can be forgotten by a test."""

from django.urls import get_resolver

from tests.pages.scene import Scene

OF_ALL = (
    "/",
    "/sources",
    "/sources/new",
    "/earnings",
    "/earnings.csv",
    "/earnings/payouts",
    "/earnings/payouts.csv",
    "/account",
    "/keys",
    "/wallet",
    "/wallet.csv",
)
STATEMENTS = tuple(
    f"/{section}/statement{rest}"
    for section in ("account", "earnings")
    for rest in ("", "/print", ".csv", ".json")
)
OF_A_SOURCE = ("", "/documents", "/policy", "/budgets", "/progress")
POSTED = (
    "/train",
    "/train/cancel",
    "/rights",
    "/suspend",
    "/resume",
    "/withdraw",
    "/visibility",
    "/policy/preview",
    "/budgets/pause",
    "/budgets/resume",
)


def pages(scene: Scene) -> list[str]:
    """What the owner of the scene can open."""
    own = [f"/sources/{scene.alpine.slug}{part}" for part in OF_A_SOURCE]
    return [*OF_ALL, *STATEMENTS, *own, f"/receipts/{scene.receipt.pk}"]


def posted(scene: Scene) -> list[str]:
    """What the owner of the scene can press."""
    return [f"/sources/{scene.alpine.slug}{part}" for part in POSTED]


def patterns() -> set[str]:
    """The portal's own patterns, as they are declared."""
    portal = next(one for one in get_resolver().url_patterns if getattr(one, "app_name", "") == "portal")
    return {str(one.pattern) for one in portal.url_patterns}  # type: ignore[union-attr]
