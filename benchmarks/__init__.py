"""Every figure that README quotes, as a command that prints the comparison side by side."""
