"""The policies in force as arrays: who of many sources may vote, in a few vector operations.

`columns` holds one kind of clause over all sources, `index` puts the kinds and the standing of sources
together, `rows` reads them from the database, `kept` keeps one index a process and brings it up to date
before each query. Verdicts are asked of the clauses themselves, once for each different clause: nothing
here knows what a clause means.
"""
