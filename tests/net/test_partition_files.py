"""A partition that is not whole, not its own or not of this core is refused before it is used."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.net.core import Core
from inference.net.encoder import load_encoder
from inference.net.files import describe
from inference.net.index import PassageIndex
from inference.net.lora import Adapter, AdapterInvalid, adapter_from_tensors
from inference.net.partition_files import (
    ADAPTER,
    INDEX,
    MANIFEST,
    PASSAGES,
    Knowledge,
    PartitionCorrupt,
    Passages,
    load_adapter,
    load_knowledge,
    load_passages,
    read_manifest,
    save_partition,
)
from inference.net.passages import split_documents
from inference.net.tiny import make_tiny_core
from tests.net.makers import make_adapter
from tests.net.texts import ROME

ENCODER = load_encoder("hashed-ngrams")
ABOUT = {"encoder": {"digest": ENCODER.digest}, "theta": 0.2}


@pytest.fixture(scope="module")
def written(tiny_core, tmp_path_factory):
    directory = tmp_path_factory.mktemp("partition")
    passages = split_documents([ROME])
    save_partition(
        directory,
        adapter=make_adapter(tiny_core, 1),
        index=PassageIndex.build(ENCODER.embed([passage.text for passage in passages])),
        passages=passages,
        about={**ABOUT, "core": {"digest": tiny_core.digest}},
    )
    return directory


@pytest.fixture
def partition(written, tmp_path):
    return shutil.copytree(written, tmp_path / "copy")


def load(core, directory, **changes) -> tuple[Adapter, Knowledge, Passages]:
    """All three parts, by the digests of the manifest."""
    manifest = {**read_manifest(directory), **changes}
    digests = {name: str(entry["sha256"]) for name, entry in manifest["files"].items()}
    knowledge = load_knowledge(
        directory / INDEX, digest=digests[INDEX], manifest=manifest, core=core, encoder=ENCODER
    )
    return (
        load_adapter(
            directory / ADAPTER,
            digest=digests[ADAPTER],
            core=core,
            core_digest=manifest["core"]["digest"],
        ),
        knowledge,
        load_passages(directory / PASSAGES, digest=digests[PASSAGES], count=knowledge.index.passages),
    )


def test_what_was_saved_is_what_is_loaded(tiny_core, partition):
    adapter, knowledge, passages = load(tiny_core, partition)
    saved = make_adapter(tiny_core, 1).tensors()
    assert all(torch.equal(tensor, saved[name]) for name, tensor in adapter.tensors().items())
    assert adapter.nbytes == sum(tensor.nbytes for tensor in saved.values())
    assert list(passages) == split_documents([ROME])
    assert knowledge.theta == 0.2


@pytest.mark.parametrize("name", [ADAPTER, INDEX, PASSAGES])
def test_a_file_cut_in_half_is_corrupt(tiny_core, partition, name):
    path = partition / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(PartitionCorrupt, match=name):
        load(tiny_core, partition)


@pytest.mark.parametrize("name", [ADAPTER, INDEX, PASSAGES])
def test_a_file_cut_in_half_is_corrupt_even_if_the_manifest_agrees(tiny_core, partition, name):
    path = partition / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(PartitionCorrupt):
        load(tiny_core, partition, files=describe(partition, (ADAPTER, INDEX, PASSAGES)))


@pytest.mark.parametrize("name", [ADAPTER, INDEX, PASSAGES])
def test_one_changed_byte_is_corrupt(tiny_core, partition, name):
    content = bytearray((partition / name).read_bytes())
    content[len(content) // 2] ^= 1
    (partition / name).write_bytes(content)
    with pytest.raises(PartitionCorrupt, match="another content"):
        load(tiny_core, partition)


@pytest.mark.parametrize("name", [ADAPTER, INDEX, PASSAGES, MANIFEST])
def test_a_missing_file_is_corrupt(tiny_core, partition, name):
    (partition / name).unlink()
    with pytest.raises(PartitionCorrupt, match=name):
        load(tiny_core, partition)


def test_a_manifest_cut_in_half_or_without_its_parts_is_corrupt(tiny_core, partition):
    manifest = {name: part for name, part in read_manifest(partition).items() if name != "theta"}
    digest = manifest["files"][INDEX]["sha256"]
    with pytest.raises(PartitionCorrupt, match="theta"):
        load_knowledge(partition / INDEX, digest=digest, manifest=manifest, core=tiny_core, encoder=ENCODER)
    text = (partition / MANIFEST).read_text()
    for broken in (text[: len(text) // 2], json.dumps([1])):
        (partition / MANIFEST).write_text(broken)
        with pytest.raises(PartitionCorrupt):
            read_manifest(partition)


def test_a_partition_of_another_core_or_encoder_is_refused(tiny_core, partition, tmp_path):
    other = Core.load(make_tiny_core(tmp_path / "other", seed=9))
    with pytest.raises(PartitionCorrupt, match="another core"):
        load(other, partition)
    with pytest.raises(PartitionCorrupt, match="another encoder"):
        load(tiny_core, partition, encoder={"digest": "0" * 64})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_an_adapter_with_a_number_that_is_not_finite_is_refused(tiny_core, value):
    tensors = {name: tensor.clone() for name, tensor in make_adapter(tiny_core, 1).tensors().items()}
    next(iter(tensors.values()))[0, 0] = value
    with pytest.raises(AdapterInvalid, match="finite"):
        adapter_from_tensors(core=tiny_core, core_digest=tiny_core.digest, tensors=tensors)


def test_an_adapter_with_foreign_layers_shapes_or_ranks_is_refused(tiny_core):
    good = make_adapter(tiny_core, 1)
    name = next(iter(good.down))

    def refused(adapter: Adapter, digest: str = tiny_core.digest) -> None:
        with pytest.raises(AdapterInvalid):
            adapter_from_tensors(core=tiny_core, core_digest=digest, tensors=adapter.tensors())

    refused(replace(good, down={**good.down, name: torch.zeros(5, 4)}))
    refused(replace(good, down={**good.down, "lm_head": torch.zeros(32, 4)}))
    refused(replace(good, up={}))
    refused(replace(good, down={}, up={}))
    smaller = make_adapter(tiny_core, 1, rank=2)
    mixed = Adapter(
        good.core_digest, {**good.down, name: smaller.down[name]}, {**good.up, name: smaller.up[name]}
    )
    refused(mixed)
    refused(good, digest="0" * 64)


def test_an_index_of_another_encoder_or_of_other_passages_is_refused(tiny_core, partition):
    for vectors, file in ((np.eye(3, 7), INDEX), (np.eye(3, ENCODER.dimensions), PASSAGES)):
        (partition / INDEX).write_bytes(PassageIndex.build(vectors.astype(np.float32)).to_bytes())
        with pytest.raises(PartitionCorrupt, match=file):
            load(tiny_core, partition, files=describe(partition, (ADAPTER, INDEX, PASSAGES)))
