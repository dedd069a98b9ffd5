"""Two owners with trained sources and a reader with money, over HTTP alone: what production's tests ask."""

from collections.abc import Iterator

import requests

from tests.workers.client import Client
from tests.workers.owner_steps import active_partition, job, publish, train
from tests.workers.stack import Stack

TEXTS = {
    "press": "The printing press has a bed, a platen and a bar. Ink is put on the type with leather balls. "
    "Paper is damped the night before, so that it takes the ink evenly. Two people print a ream in an hour. ",
    "museum": "The museum keeps coins, maps and clocks. Each clock is wound on Mondays by the same keeper. "
    "Maps are shown for three months and then rest in the dark. Coins are weighed when they arrive. ",
}
QUESTION = {
    "model": "tiny",
    "messages": [{"role": "user", "content": "Who winds the clocks, and when is paper damped?"}],
    "max_tokens": 24,
    "abc": {"seed": 5},
}


def open_market(stack: Stack, clients: dict[str, Client]) -> dict[str, str]:
    """Both owners have registered, uploaded, set a policy and trained; slug -> partition digest."""
    jobs = {}
    for slug, text in TEXTS.items():
        publish(clients[slug], slug, text * 40)
        jobs[slug] = train(clients[slug], slug, adapter_tokens=256)
    for slug, number in jobs.items():
        wait_until_done(stack, clients[slug], number)
    stack.manage("wallet", "top-up", "reader", "5000000")
    return {slug: active_partition(clients[slug], slug)["digest"] for slug in TEXTS}


def wait_until_done(stack: Stack, client: Client, number: int) -> None:
    ended = {"done", "failed", "cancelled"}
    stack.wait_for(lambda: job(client, number)["state"] in ended, what=f"training job {number}", seconds=240)
    assert job(client, number)["state"] == "done", job(client, number)


def data_lines(response: requests.Response) -> Iterator[str]:
    """What a stream says, line by line, as it comes."""
    for line in response.iter_lines(chunk_size=1, decode_unicode=True):
        said = str(line)
        if said.startswith("data: "):
            yield said[6:]
