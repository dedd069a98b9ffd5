"""Proves the seven rules over the whole database, and names every row that breaks one.

`balances`, `corrections`, `holds` and `receipts` state what a broken row looks like as SQL that finds nothing
in sound books; `signed` reads what SQL cannot. Nothing here repairs or writes.
"""
