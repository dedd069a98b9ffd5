"""Addresses of the portal that tests look at; who may open and press them is said in tests/who_may."""

from tests.pages.scene import Scene

OF_ALL = (
    "/",
    "/sources",
    "/sources/new",
    "/access",
    "/agreements",
    "/earnings",
    "/earnings.csv",
    "/earnings/payouts",
    "/earnings/payouts.csv",
    "/account",
    "/keys",
    "/members",
    "/organisation/new",
    "/organisation/profile",
    "/you",
    "/wallet",
    "/wallet.csv",
)
STATEMENTS = tuple(
    f"/{section}/statement{rest}"
    for section in ("account", "earnings")
    for rest in ("", "/print", ".csv", ".json")
)
OF_A_SOURCE = (
    "",
    "/documents",
    "/policy",
    "/policy/odrl",
    "/policy/odrl.jsonld",
    "/policy/versions",
    "/budgets",
    "/progress",
)
OPEN = ("/catalogue", "/catalogue/{slug}", "/compare")  # for everybody, signed in or not
POSTED = (
    "/train",
    "/train/cancel",
    "/rights",
    "/rights/adopt",
    "/suspend",
    "/resume",
    "/withdraw",
    "/zero-influence",
    "/visibility",
    "/topics",
    "/policy/preview",
    "/policy/try",
    "/policy/backtest",
    "/policy/backtest.csv",
    "/budgets/pause",
    "/budgets/resume",
)


def pages(scene: Scene) -> list[str]:
    """What the owner of the scene can open."""
    own = [f"/sources/{scene.alpine.slug}{part}" for part in OF_A_SOURCE]
    return [*OF_ALL, *STATEMENTS, *own, f"/receipts/{scene.receipt.pk}"]


def open_pages(scene: Scene) -> list[str]:
    """What everybody can open."""
    return [address.format(slug=scene.alpine.slug) for address in OPEN]


def posted(scene: Scene) -> list[str]:
    """What the owner of the scene can press."""
    return [f"/sources/{scene.alpine.slug}{part}" for part in POSTED]
