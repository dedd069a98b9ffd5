"""Every figure that README quotes, as a command that prints the comparison side by side."""

import os

os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # as the product runs; libgomp reads it when torch loads
