"""The users' part of /v1."""

from django.urls import path

from inference.api import chat, classify, measurements, models, plan, receipts

urlpatterns = [
    path("models", models.Models.as_view()),
    path("models/<path:slug>", models.OneModel.as_view()),
    path("chat/completions", chat.ChatCompletions.as_view()),
    path("completions", chat.Completions.as_view()),
    path("classify", classify.Classify.as_view()),
    path("plan", plan.PlanView.as_view()),
    path("receipts", receipts.Receipts.as_view()),
    path("receipts/<uuid:receipt_id>", receipts.OneReceipt.as_view()),
    path("receipts/<uuid:receipt_id>/jws", receipts.ReceiptJws.as_view()),
    path("receipts/<uuid:receipt_id>/tokens", measurements.ReceiptTokens.as_view()),
    path("receipts/<uuid:receipt_id>/total-effect", measurements.TotalEffect.as_view()),
    path("receipts/<uuid:receipt_id>/attribution", measurements.ReceiptAttribution.as_view()),
    path("receipts/<uuid:receipt_id>/verify", receipts.VerifyReceipt.as_view()),
]
