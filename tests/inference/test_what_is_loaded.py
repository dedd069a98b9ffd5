"""Routing opens indexes; words and adapters are loaded for seats alone; a plan loads neither."""

import threading
from collections import Counter
from dataclasses import replace

import pytest

from inference import engine
from inference.shelf import Shelf, Unusable
from marketplace.models import Partition
from marketplace.storage import store

pytestmark = pytest.mark.django_db
PARTS = ("index_digest", "passages_digest", "adapter_digest")


class Opened:
    """Opens files as the store does and remembers which, by source and part."""

    def __init__(self):
        self._lock = threading.Lock()
        self.files: Counter[str] = Counter()

    def __call__(self, digest):
        with self._lock:
            self.files[digest] += 1
        return store().open(digest)

    def parts(self, scene, slug):
        partition = scene.partition(slug)
        return {part.removesuffix("_digest") for part in PARTS if self.files[getattr(partition, part)]}


@pytest.fixture
def opened(scene):
    opening = Opened()
    scene.open_files_by(opening)
    return opening


def test_a_plan_opens_indexes_and_nothing_else(scene, opened):
    assert scene.cast.buyer.api.post("/v1/plan", scene.body(), format="json").status_code == 200
    assert [opened.parts(scene, slug) for slug in scene.sources] == [{"index"}] * 3


def test_an_answer_loads_words_and_adapters_of_its_seats_alone(scene, opened):
    answer = scene.ask(about="python-guide").json()
    assert [one["source"] for one in answer["abc"]["sources"]] == ["python-guide"]
    assert opened.parts(scene, "python-guide") == {"index", "passages", "adapter"}
    assert opened.parts(scene, "whale-book") == opened.parts(scene, "opera-guide") == {"index"}


def test_the_next_answer_opens_no_file_again(scene, opened):
    scene.ask()
    before = Counter(opened.files)
    scene.ask()
    assert opened.files == before


def test_more_sources_than_memory_holds_are_answered_all_the_same(scene, opened):
    bench = scene.bench
    shelf = Shelf(core=bench.core, encoder=bench.encoder, open_file=opened, most_bytes=1)
    engine.use(replace(bench, shelf=shelf))
    for about in (*scene.sources, *scene.sources):
        assert [one["source"] for one in scene.ask(about=about).json()["abc"]["sources"]] == [about]


def test_the_seat_of_a_source_whose_adapter_is_damaged_goes_to_the_next(scene, settings, tmp_path, caplog):
    settings.SEATS = 1
    scene.offer("python-guide", scene.cast.second_owner, as_slug="second-guide", quote=True)
    answer = scene.ask(abc={"gamma": {"second-guide": 1.0, "python-guide": 1.0}}).json()["abc"]
    (first,) = [one["source"] for one in answer["sources"]]
    (second,) = {"python-guide", "second-guide"} - {first}
    bad = scene.partition(first).adapter_digest
    Partition.objects.filter(pk=scene.partition(second).pk).update(adapter_digest=_other(scene, bad))

    def damaged(digest):
        return tmp_path / "nowhere" if digest == bad else store().open(digest)

    scene.open_files_by(damaged)
    answer = scene.ask().json()["abc"]
    assert [one["source"] for one in answer["sources"]] == [second]
    assert (first, "partition_unavailable") in [(one["source"], one["rule"]) for one in answer["excluded"]]
    assert "unusable" in caplog.text


def _other(scene, digest):
    """The two guides have equal files: give one of them an adapter of its own."""
    content = store().open(scene.partition("whale-book").adapter_digest).read_bytes()
    made = store().put(content)
    assert made != digest
    return made


def test_a_store_that_is_away_composes_sources_out_and_a_later_answer_finds_them_again(scene, caplog):
    away = True

    def opening(digest):
        if away:
            raise ConnectionError("the bucket does not answer")
        return store().open(digest)

    scene.open_files_by(opening)
    assert scene.ask().json()["abc"]["excluded_counts"] == {"partition_unavailable": 3}
    away = False
    assert [one["source"] for one in scene.ask().json()["abc"]["sources"]] == ["python-guide"]


def test_a_file_that_is_cut_while_its_part_is_in_memory_harms_nobody(scene, tmp_path):
    copies = {}

    def copied(digest):
        copies[digest] = tmp_path / digest
        copies[digest].write_bytes(store().open(digest).read_bytes())
        return copies[digest]

    shelf = Shelf(core=scene.bench.core, encoder=scene.bench.encoder, open_file=copied)
    partition = scene.partition("whale-book")
    adapter = shelf.adapter(partition)
    before = {name: tensor.clone() for name, tensor in adapter.tensors().items()}
    copies[partition.adapter_digest].write_bytes(b"cut")
    assert all((tensor == before[name]).all() for name, tensor in shelf.adapter(partition).tensors().items())


@pytest.mark.parametrize("part", ["adapter", "passages"])
def test_a_part_without_a_digest_is_unusable(scene, part):
    partition = scene.partition("whale-book")
    setattr(partition, f"{part}_digest", "")
    shelf = scene.bench.shelf
    with pytest.raises(Unusable):
        shelf.adapter(partition) if part == "adapter" else shelf.passages(partition, count=1)


def test_many_threads_open_each_file_once(scene, opened):
    shelf = Shelf(core=scene.bench.core, encoder=scene.bench.encoder, open_file=opened)
    partitions = list(Partition.objects.filter(state="active").only("pk", "adapter_digest", "core_digest"))
    start = threading.Barrier(6)

    def take():
        start.wait()
        for one in partitions:
            shelf.adapter(one)

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [opened.files[one.adapter_digest] for one in partitions] == [1, 1, 1]
