"""What the product promises, as tests; `tests.settings` and `tests.cast` come first."""
