"""The rules that the database itself keeps: triggers on SQLite and PostgreSQL, from one list.

`rules` states them, `dialects` writes them out for each database, `installation` puts them in place after
every migrate (Django rebuilds tables on SQLite, which drops triggers) and tells which are missing.
Nothing here decides anything about an answer; it only makes wrong books impossible to write.
"""
