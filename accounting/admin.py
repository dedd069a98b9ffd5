"""The books in the console: every row to look at, none to change. The ledger is append-only here too."""

from django.contrib import admin

from accounting.console import ReadOnlyAdmin, amount, influence, money, state_column
from accounting.models import (
    Account,
    AuditEvent,
    Debt,
    Hold,
    HoldLine,
    Operation,
    PaymentEvent,
    Receipt,
    ReceiptLine,
    Seal,
    TopUp,
    TopUpClaim,
    Transfer,
)


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("id", "label", "kind", "credited", "spent", "held", "limit")
    list_filter = ("asset", "kind", "limited")
    search_fields = ("=id", "label")
    credited = amount("credits_posted", "credited")
    spent = amount("debits_posted", "debited")
    held = amount("debits_pending", "held")
    limit = amount("stated_limit", "stated limit")


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "shown_phase",
        "shown_amount",
        "debit_account",
        "credit_account",
        "label",
        "hold_id",
    )
    list_filter = ("asset", "phase", "created_at")
    list_select_related = ("debit_account", "credit_account")
    search_fields = ("=id", "=hold__id", "label")
    ordering = ("-created_at", "-pk")
    shown_amount = amount("amount", "amount")
    shown_phase = state_column(
        {
            "posted": "success",
            "post_pending": "success",
            "pending": "warning",
            "void": "info",
            "expire": "danger",
        },
        "phase",
        "phase",
    )


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "shown_state",
        "held",
        "tokens_drawn",
        "tokens_delivered",
        "created_at",
        "expires_at",
    )
    list_filter = ("state", "created_at")
    search_fields = ("=id", "reason")
    ordering = ("-created_at", "-pk")
    held = money("held_micro_usd", "held")
    shown_state = state_column(
        {"open": "warning", "settled": "success", "voided": "info", "expired": "danger"}
    )


@admin.register(HoldLine)
class HoldLineAdmin(ReadOnlyAdmin):
    list_display = ("hold_id", "label", "cap", "held", "drawn", "delivered", "price", "charged_by")
    list_filter = ("charged_by",)
    search_fields = ("=hold__id", "label")
    cap = influence("cap_nano_nats", "cap")
    held = influence("held_nano_nats", "held")
    drawn = influence("drawn_nano_nats", "drawn")
    delivered = influence("delivered_nano_nats", "delivered")
    price = money("price_micro_usd_per_nat", "price a nat")


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    list_display = ("id", "issued_at", "wallet", "charges", "fee", "total")
    list_filter = ("issued_at",)
    list_select_related = ("wallet",)
    search_fields = ("=id", "=hold__id", "wallet__label")
    ordering = ("-issued_at", "-pk")
    charges = money("charges_micro_usd", "charges")
    fee = money("fee_micro_usd", "fee")
    total = money("total_micro_usd", "total")


@admin.register(ReceiptLine)
class ReceiptLineAdmin(ReadOnlyAdmin):
    list_display = ("issued_at", "label", "charged", "drawn", "charge", "floor", "receipt_id")
    list_filter = ("issued_at",)
    search_fields = ("=receipt__id", "label")
    ordering = ("-issued_at", "-pk")
    charged = influence("nano_nats", "charged")
    drawn = influence("drawn_nano_nats", "spent from budgets")
    charge = money("charge_micro_usd", "charge")
    floor = money("floor_top_up_micro_usd", "up to the floor")


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "digest", "created_at")
    list_filter = ("kind", "created_at")
    search_fields = ("=id", "digest")
    ordering = ("-created_at", "-pk")


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor", "action", "subject", "organisation_slug")
    list_filter = ("action", "at")
    search_fields = ("actor", "action", "subject", "organisation_slug")
    ordering = ("-at", "-pk")
    date_hierarchy = "at"


@admin.register(TopUp)
class TopUpAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "label", "provider", "shown_state", "sum", "repaid", "taken_back", "id")
    list_filter = ("provider", "state", "created_at")
    search_fields = ("=id", "label", "=reference", "=payment_reference")
    ordering = ("-created_at", "-pk")
    sum = money("amount_micro_usd", "amount")
    repaid = money("repaid_micro_usd", "paid what was owed")
    taken_back = money("taken_back_micro_usd", "taken back")
    shown_state = state_column(
        {"paid": "success", "open": "warning", "requested": "warning", "failed": "danger", "expired": "info"}
    )


@admin.register(TopUpClaim)
class TopUpClaimAdmin(ReadOnlyAdmin):
    list_display = ("said_at", "kind", "reference", "sum", "stands", "closed", "top_up")
    list_filter = ("kind", "stands", "closed")
    list_select_related = ("top_up",)
    search_fields = ("=reference", "=top_up__id")
    ordering = ("-said_at", "-pk")
    sum = money("amount_micro_usd", "amount")


@admin.register(Debt)
class DebtAdmin(ReadOnlyAdmin):
    list_display = ("wallet", "owed")
    list_select_related = ("wallet",)
    search_fields = ("=wallet__id", "wallet__label")
    owed = money("owed_micro_usd", "owed")


@admin.register(PaymentEvent)
class PaymentEventAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "type", "shown_outcome", "note", "top_up", "id")
    list_filter = ("outcome", "type", "received_at")
    list_select_related = ("top_up",)
    search_fields = ("=id", "=payment_reference", "=top_up__id")
    ordering = ("-received_at", "-pk")
    shown_outcome = state_column(
        {"done": "success", "nothing": "info", "waiting": "warning", "refused": "danger"},
        "outcome",
        "outcome",
    )


@admin.register(Seal)
class SealAdmin(ReadOnlyAdmin):
    """The chains over audit events, transfers and receipts; `manage.py audit verify` compares them."""

    list_display = ("book", "number", "first_position", "count", "late", "until", "head")
    list_filter = ("book", "until")
    search_fields = ("=number", "head")
    ordering = ("-sealed_at", "-pk")
