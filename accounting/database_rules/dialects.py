"""How each database spells a rule: the text of triggers, nothing else."""

from accounting.database_rules.rule import Effect, Refuse, Rule


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _timing(rule: Rule) -> str:
    return "AFTER" if rule.event == "INSERT" else "BEFORE"


def _only_when(rule: Rule) -> str:
    return f" WHEN ({rule.only_when})" if rule.only_when else ""


def _sqlite_step(step: Refuse | Effect) -> str:
    if isinstance(step, Effect):
        return f"{step.sql};"
    return f"SELECT RAISE(ABORT, {_quoted(step.message)}) WHERE {step.when};"


def sqlite_create(rule: Rule) -> list[str]:
    body = "\n".join(_sqlite_step(step) for step in rule.steps_on("sqlite"))
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
    body = "\n".join(_postgresql_step(step) for step in rule.steps_on("postgresql"))
    result = "OLD" if rule.event == "DELETE" else "NEW"
    function = (
        f"CREATE OR REPLACE FUNCTION {rule.name}() RETURNS trigger LANGUAGE plpgsql AS $rule$\n"
        f"BEGIN\n{body}\nRETURN {result};\nEND $rule$"
    )
    trigger = (
        f"CREATE OR REPLACE TRIGGER {rule.name} {_timing(rule)} {rule.event} ON {rule.table} "
        f"FOR EACH ROW{_only_when(rule)} EXECUTE FUNCTION {rule.name}()"
    )
    return [function, trigger]


def postgresql_drop(rule: Rule) -> list[str]:
    return [f"DROP TRIGGER IF EXISTS {rule.name} ON {rule.table}"]
