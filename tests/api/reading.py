"""How the tests look at answers of the API."""

from typing import Any


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The response is this problem, complete and of the right media type."""
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert response["Content-Type"] == "application/problem+json"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"].endswith((".", "!")), body["detail"]
    assert response["X-Error-Code"] == code
    return body


def file(name: str = "a.txt", content: bytes = b"Whales are mammals.") -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile(name, content)
