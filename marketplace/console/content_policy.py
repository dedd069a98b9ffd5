"""The content security policy of each part of the site: the portal's strict one, and the console's own.

The console's package draws itself with Alpine (evaluates expressions) and inline styles, so /admin/ may do
those two things and nothing else beyond its own host. No page anywhere may load anything from another host.
"""

from typing import Any

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class ContentPolicyMiddleware(CSPMiddleware):
    """The policy of the settings, with the console's in its place under the console's prefix."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts: PolicyParts = super().get_policy_parts(request, response, report_only)
        if not report_only and request.path_info.startswith(settings.CONSOLE_PREFIX):
            directives: dict[str, Any] = settings.CONSOLE_CONTENT_SECURITY_DIRECTIVES
            parts.config = directives
        return parts
