"""Proves that the append-only rows are those that were written: sealed in batches, off the hot path.

`links` is the arithmetic, `books` says which rows, `sealer` writes seals, `verifier` compares, `heads` keeps
the ends of the chains outside the database. Rows are never changed by it, and no writer waits for it.
"""
