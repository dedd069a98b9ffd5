"""A real browser: Debian's Chromium, driven by Playwright, watched for anything that leaves the host."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from tests.cast import PASSWORD

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
Scheme = Literal["light", "dark"]
PICTURES = Path(__file__).resolve().parent.parent.parent / "screenshots"


@dataclass
class Watched:
    """One window, and everything it did that a page of ours must not do."""

    page: Page
    host: str
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("request", lambda request: self._look_at(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on(
            "console",
            lambda said: (
                self.complaints.append(f"console: {said.text}") if said.type in {"error", "warning"} else None
            ),
        )

    def _look_at(self, url: str) -> None:
        if not url.startswith((self.host, "data:", "blob:")):
            self.complaints.append(f"left the host: {url}")

    def open(self, address: str) -> None:
        self.page.goto(f"{self.host}{address}")

    def sign_in(self, name: str) -> None:
        self.open("/sign-in")
        self.page.fill("[name=username]", name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("main button")
        self.page.wait_for_url(f"{self.host}/")

    def picture(self, name: str, *, whole: bool = True) -> None:
        PICTURES.mkdir(exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=whole)

    def fits_its_width(self) -> bool:
        """Nothing makes the page scroll sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def window(browser: Browser, host: str, *, scheme: Scheme = "light", width: int = 1280) -> Iterator[Watched]:
    """A fresh window; leaving it fails the test if a page misbehaved in it."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    context.set_default_timeout(20_000)
    watched = Watched(context.new_page(), host)
    watched.watch()
    yield watched
    context.close()
    assert watched.complaints == []
