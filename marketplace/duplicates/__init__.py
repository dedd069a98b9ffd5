"""Near-duplicates: which sources are largely the same text, found when a version is uploaded."""
