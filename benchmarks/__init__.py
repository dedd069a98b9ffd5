"""Every figure that README quotes, as a command that prints the comparison side by side."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the product runs; libgomp reads it when torch loads
