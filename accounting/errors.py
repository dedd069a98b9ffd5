"""What can go wrong, said once: a stable code, a status, one plain sentence and what to do next.

Every layer above raises these; only the API turns them into problem+json. No other module invents codes
outside this family. It must not import Django, so that pure code can raise them too.
"""


class DomainError(Exception):
    """A refusal that the caller can understand and act on; never a defect of ours."""

    code: str = "error"
    status: int = 400
    title: str = "The request was refused"

    def __init__(self, detail: str, *, next_step: str = "", code: str | None = None, **extra: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.next_step = next_step
        self.extra: dict[str, object] = extra
        if code is not None:
            self.code = code


class Invalid(DomainError):
    code, status, title = "invalid", 422, "The request is not valid"


class NotFound(DomainError):
    code, status, title = "not_found", 404, "Not found"


class Conflict(DomainError):
    code, status, title = "conflict", 409, "The request contradicts what is on record"


class PaymentRequired(DomainError):
    """Refused money; `extra` carries quote_micro_usd and available_micro_usd."""

    code, status, title = "payment_required", 402, "There is not enough money for this"


class Forbidden(DomainError):
    """A policy says no; `extra` carries rule and source."""

    code, status, title = "policy_denied", 403, "A policy does not allow this"


class PermissionDenied(DomainError):
    code, status, title = "permission_denied", 403, "This key or person may not do this"


class TooLarge(DomainError):
    code, status, title = "too_large", 413, "The request is too large"


class TooMany(DomainError):
    """A rate limit; `extra` carries retry_after in seconds."""

    code, status, title = "rate_limited", 429, "Too many requests"
