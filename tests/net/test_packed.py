"""Packed weights say what plain ones say, are packed once, and leave training its gradients."""

import torch

from inference.net.core import adaptable_linears
from inference.net.packed import PackedLinear, can_pack


def test_a_packed_tree_says_what_the_plain_one_says(tiny_core):
    ids = torch.tensor([tiny_core.encode("Packed or plain, the words are the same.")])
    with torch.inference_mode():
        plain = tiny_core.voting_tree()(ids).logits
        packed = tiny_core.voting_tree(packed=True)(ids).logits
    torch.testing.assert_close(packed, plain, atol=1e-5, rtol=1e-4)


def test_weights_are_packed_once_for_all_answers_and_the_core_keeps_its_own(tiny_core):
    first, second = (tiny_core.voting_tree(packed=True) for _ in range(2))
    own = adaptable_linears(tiny_core.model)
    for name, layer in adaptable_linears(first).items():
        assert isinstance(layer, PackedLinear)
        assert layer.packed is adaptable_linears(second)[name].packed
        assert layer.weight is own[name].weight
        assert not isinstance(own[name], PackedLinear)


def test_only_float32_on_a_cpu_is_packed():
    assert can_pack(torch.device("cpu"), torch.float32)
    assert not can_pack(torch.device("cpu"), torch.bfloat16)
    assert not can_pack(torch.device("cuda"), torch.float32)
