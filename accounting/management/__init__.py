"""Commands of the books for operators and CI."""
