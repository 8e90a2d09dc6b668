from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from demilsim.optimisation.max_flow import Network


def test_flow_is_rerouted_to_let_a_second_one_through() -> None:
    """The only fund of bill B also may pay A; A must turn to the other fund for both to be paid."""
    network = Network(6)
    free, tied, a, b, sink = 1, 2, 3, 4, 5
    network.add(0, free, 7)
    network.add(0, tied, 7)
    for fund, bill in ((free, a), (free, b), (tied, a)):
        network.add(fund, bill, 100)
    ends = [network.add(bill, sink, 7) for bill in (a, b)]
    assert network.maximise(0, sink) == 14
    assert [network.left(end) for end in ends] == [0, 0]


@pytest.mark.parametrize("seed", range(20))
def test_random_networks_agree_with_scipy(seed: int) -> None:
    """The maximum is that of an independent implementation."""
    rng = np.random.default_rng(seed)
    capacity = rng.integers(0, 20, (9, 9)) * (rng.random((9, 9)) < 0.4)
    np.fill_diagonal(capacity, 0)
    network = Network(9)
    for tail, head in np.argwhere(capacity):
        network.add(int(tail), int(head), int(capacity[tail, head]))
    expected = maximum_flow(csr_array(capacity.astype(np.int32)), 0, 8).flow_value
    assert network.maximise(0, 8) == expected
