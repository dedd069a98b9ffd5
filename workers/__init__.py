"""WHAT TAKES LONG: Celery tasks, the embedded engine and trainer threads, and the jobs behind them.

Nobody imports this package: work is started by name, on commit, through `marketplace.work`.
"""
