"""WHAT IT COSTS: one double-entry ledger for micro-USD and nano-nats, holds, settlement, receipts.

Accounting knows accounts, never sources: callers pass account ids and an opaque label.
"""
