"""How this area's tests run: on one thread, since small tensors wait longer for a second one than they work,
and with subnormal numbers, which a core that was loaded earlier switches off and which oracles need.
"""

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def one_exact_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_flush_denormal(False)
    yield
    torch.set_num_threads(before)
