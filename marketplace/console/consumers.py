"""What is known of consumers beyond their names: groups that policies name, and domains that are theirs."""

from django.contrib import admin

from accounting.console import ReadOnlyAdmin
from marketplace.models import ConsumerGroup, DomainClaim, VerifiedDomain


@admin.register(ConsumerGroup)
class ConsumerGroupAdmin(ReadOnlyAdmin):
    list_display = ("title", "slug", "created_at")
    search_fields = ("title", "slug", "organisations__slug", "organisations__name")
    ordering = ("slug",)


@admin.register(DomainClaim)
class DomainClaimAdmin(ReadOnlyAdmin):
    list_display = ("domain", "organisation", "created_at")
    list_select_related = ("organisation",)
    search_fields = ("domain", "organisation__slug", "organisation__name")


@admin.register(VerifiedDomain)
class VerifiedDomainAdmin(ReadOnlyAdmin):
    list_display = ("domain", "organisation", "how", "verified_at")
    list_filter = ("how",)
    list_select_related = ("organisation",)
    search_fields = ("domain", "organisation__slug", "organisation__name")
