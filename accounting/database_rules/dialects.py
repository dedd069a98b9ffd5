"""How each database spells a rule: the text of triggers, nothing else."""

import re

from accounting.database_rules.rule import Effect, Refuse, Rule

NUMBERS = re.compile(r"NUMBERS\(([\w.]+)\)")
SQLITE_NUMBERS = r"json_each(\1)"
POSTGRESQL_NUMBERS = r"jsonb_array_elements_text(\1)"
# True only inside the server functions, whose own work it is to keep these rules.
MOVING = "current_setting('accounting.moving', true) IS NOT DISTINCT FROM 'on'"


def spelled(sql: str, vendor: str) -> str:
    """The rows of a JSON list, as each database reads them."""
    return NUMBERS.sub(SQLITE_NUMBERS if vendor == "sqlite" else POSTGRESQL_NUMBERS, sql)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _timing(rule: Rule) -> str:
    return "AFTER" if rule.event == "INSERT" else "BEFORE"


def _only_when(rule: Rule, *, unless: str = "") -> str:
    conditions = [condition for condition in (rule.only_when, unless and f"NOT ({unless})") if condition]
    return f" WHEN ({' AND '.join(conditions)})" if conditions else ""


def _sqlite_step(step: Refuse | Effect) -> str:
    if isinstance(step, Effect):
        return f"{step.sql};"
    return f"SELECT RAISE(ABORT, {_quoted(step.message)}) WHERE {step.when};"


def sqlite_create(rule: Rule) -> list[str]:
    body = spelled("\n".join(_sqlite_step(step) for step in rule.steps_on("sqlite")), "sqlite")
    head = f"CREATE TRIGGER {rule.name} {_timing(rule)} {rule.event} ON {rule.table} FOR EACH ROW"
    return [*sqlite_drop(rule), f"{head}{_only_when(rule)}\nBEGIN\n{body}\nEND"]


def sqlite_drop(rule: Rule) -> list[str]:
    return [f"DROP TRIGGER IF EXISTS {rule.name}"]


def _postgresql_step(step: Refuse | Effect) -> str:
    if isinstance(step, Effect):
        return f"{step.sql};"
    message = _quoted(step.message)
    return (
        f"IF {step.when} THEN RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = {message}; END IF;"
    )


def postgresql_create(rule: Rule) -> list[str]:
    body = spelled("\n".join(_postgresql_step(s) for s in rule.steps_on("postgresql")), "postgresql")
    only_when = _only_when(rule, unless=MOVING if rule.steps_aside else "")
    result = "OLD" if rule.event == "DELETE" else "NEW"
    function = (
        f"CREATE OR REPLACE FUNCTION {rule.name}() RETURNS trigger LANGUAGE plpgsql AS $rule$\n"
        f"BEGIN\n{body}\nRETURN {result};\nEND $rule$"
    )
    trigger = (
        f"CREATE OR REPLACE TRIGGER {rule.name} {_timing(rule)} {rule.event} ON {rule.table} "
        f"FOR EACH ROW{only_when} EXECUTE FUNCTION {rule.name}()"
    )
    return [function, trigger]


def postgresql_drop(rule: Rule) -> list[str]:
    return [f"DROP TRIGGER IF EXISTS {rule.name} ON {rule.table}"]
