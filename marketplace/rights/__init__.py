"""What uploaded texts say about their own use: AIPREF `Content-Usage` and RSL terms, read and confirmed.

`places` finds where a document states terms, `aipref` and `rsl` read them, `recording` keeps them per source
version, `confirming` is the owner's word on each, `gate` keeps training waiting for that word. No term is
ever ignored: what cannot be read, or is not known, is shown as such and waits for its owner too.
"""
