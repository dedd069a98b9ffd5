"""The whole site map on one screen."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from config import health
from marketplace.api import linked, metrics, odrl, openings, webhooks

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics.metrics),
    path(".well-known/jwks.json", openings.jwks),
    path("ns/abc/v1", odrl.profile),
    path("v1/schema", SpectacularAPIView.as_view(), name="schema"),
    path("v1/docs", openings.Docs.as_view(url_name="schema"), name="docs"),
    path("v1/", include("marketplace.urls")),
    path("v1/", include("inference.urls")),
    path("webhooks/stripe", webhooks.StripeWebhook.as_view()),
    path("catalog", linked.Catalog.as_view()),
    path("admin/", admin.site.urls),
    path("", include("marketplace.portal.urls")),
]
handler404 = "marketplace.api.fallback.page_not_found"
handler500 = "marketplace.api.fallback.server_error"
