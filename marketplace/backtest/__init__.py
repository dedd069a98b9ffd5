"""What a draft policy would have changed: the answers of the last days, replayed against it.

`run.backtest` is the use case; `past` reads, `replay` judges and prices one answer after the other, `limits`
remembers what the draft's budgets would have left, `considered` looks at what was refused, `sums` adds up.
Nothing is written.
"""
