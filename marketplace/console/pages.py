"""The console's own pages, one line each: address, name, the duty that opens it, and the view."""

from marketplace.console import audit_search, comparing, purposes, refusals, simulator, template_forms
from marketplace.console.site import Page

PAGES = (
    Page("audit", "audit-search", "accounting.view_auditevent", audit_search.search),
    Page("audit.csv", "audit-csv", "accounting.view_auditevent", audit_search.as_csv),
    Page("refusals", "refusals", "marketplace.see_refusals", refusals.dashboard),
    Page("refusals.csv", "refusals-csv", "marketplace.see_refusals", refusals.as_csv),
    Page("purposes", "purposes", "marketplace.see_purposes", purposes.tree),
    Page("simulator", "simulator", "marketplace.simulate_policy", simulator.page),
    Page("compare", "compare", "marketplace.view_policyversion", comparing.page),
    Page("policy-templates/new", "template-new", "marketplace.keep_templates", template_forms.new),
    Page(
        "policy-templates/<slug:slug>", "template-change", "marketplace.keep_templates", template_forms.change
    ),
)
