"""The catalogue: what can be found, by whom, and what each card says."""
