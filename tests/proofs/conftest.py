"""A private PostgreSQL server per file of proofs, and books of its own for each proof."""

from collections.abc import Iterator

import pytest

from tests.proofs.books import Books, make_template, new_books
from tests.proofs.cluster import Cluster, own_cluster


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """`OPTIONS` of the file are the server's settings beside the defaults."""
    with own_cluster(**getattr(request.module, "OPTIONS", {})) as running:
        make_template(running, tmp_path_factory.mktemp("template"))
        yield running


@pytest.fixture
def books(cluster: Cluster, tmp_path) -> Books:
    return new_books(cluster, tmp_path)
