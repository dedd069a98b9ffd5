"""The console's own pages, one line each: address, name, the duty that opens it, and the view."""

from marketplace.console.site import Page

PAGES: tuple[Page, ...] = ()
