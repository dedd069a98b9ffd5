"""The demo: real text of four owners, the whole way once, printed and then served.

It calls the same use cases as portal and API; nothing in here knows a short cut.
"""
