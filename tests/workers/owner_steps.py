"""An owner's way over HTTP: register, upload, policy, train, follow the job."""

from typing import Any

from tests.workers.client import Client

POLICY = {
    "regime": "measurement",
    "purposes": {"allow": ["research"], "deny": []},
    "consumers": {"allow": ["*"]},
    "price_micro_usd_per_nat": 20,
    "influence_nats": {"per_answer": 500, "per_consumer_day": 100000, "lifetime": 1000000},
    "quote": True,
}


def publish(client: Client, slug: str, text: str) -> None:
    """A source with one document and a policy."""
    client.expect(
        201, "POST", "/v1/sources",
        json={"slug": slug, "title": slug.title(), "description": "A short text.", "license": "CC0-1.0"},
    )  # fmt: skip
    upload(client, slug, f"{slug}.txt", text)
    client.expect(200, "PUT", f"/v1/sources/{slug}/policy", json=POLICY)


def upload(client: Client, slug: str, name: str, text: str) -> None:
    client.expect(201, "POST", f"/v1/sources/{slug}/documents", files=[("files", (name, text.encode()))])


def train(client: Client, slug: str, *, adapter_tokens: int) -> int:
    """The id of the job."""
    job = client.expect(202, "POST", f"/v1/sources/{slug}/train", json={"adapter_tokens": adapter_tokens})
    return int(job["id"])


def job(client: Client, job_id: int) -> dict[str, Any]:
    told: dict[str, Any] = client.expect(200, "GET", f"/v1/jobs/{job_id}")
    return told


def active_partition(client: Client, slug: str) -> dict[str, Any]:
    found = client.expect(200, "GET", f"/v1/sources/{slug}/partitions")["results"]
    return next(partition for partition in found if partition["state"] == "active")
