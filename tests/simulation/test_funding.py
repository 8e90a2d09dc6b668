from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demilsim.model.options import drawing_order
from demilsim.simulation.funding import Ledger, split
from worlds import fund


def ledger(*received: int) -> Ledger:
    """Return a ledger of funds that have received some cents, drawn on in reverse order."""
    made = Ledger(len(received), tuple(reversed(range(len(received)))))
    for index, amount in enumerate(received):
        made.receive(index, amount)
    return made


def test_commitment_draws_on_the_eligible_funds_in_their_order() -> None:
    """A payment of 130 from funds of 100 each takes all of the first and 30 of the second."""
    money = ledger(100, 100, 100)
    assert money.commit((2, 0), 130) == ((2, 100), (0, 30))
    assert money.available == [70, 100, 0]
    assert money.committed == [30, 0, 100]


def test_commitment_beyond_the_purse_changes_nothing() -> None:
    """A payment that the eligible funds cannot make is refused whole, though other funds hold more."""
    money = ledger(100, 1000)
    assert money.commit((0,), 101) is None
    assert money.available == [100, 1000]
    assert money.commit((0,), 100) == ((0, 100),)


def test_free_work_needs_no_fund() -> None:
    """A cost of nothing is paid by nobody."""
    assert ledger(5).commit((), 0) == ()
    assert ledger(5).commit((), 1) is None


def test_spending_moves_committed_money() -> None:
    """Spending takes the committed amount and nothing else."""
    money = ledger(100)
    money.spend(money.commit((0,), 60))
    assert (money.available, money.committed, money.spent) == ([40], [0], [60])


def test_expiry_takes_what_is_neither_spent_nor_committed() -> None:
    """Committed money outlives its fund, but lapses when released; late receipts lapse at once."""
    money = ledger(100)
    payment = money.commit((0,), 60)
    money.expire(0)
    assert (money.available, money.committed, money.lapsed) == ([0], [60], [40])
    done, rest = split(payment, 1, 3)
    money.spend(done)
    money.release(rest)
    assert (money.spent, money.committed, money.lapsed) == ([20], [0], [80])
    money.receive(0, 7)
    assert (money.received, money.available, money.lapsed) == ([107], [0], [87])


def test_released_money_can_be_committed_again() -> None:
    """Before expiry a release puts the money back where it came from."""
    money = ledger(50, 50)
    money.release(money.commit((1, 0), 80))
    assert money.available == [50, 50]


@settings(max_examples=100, derandomize=True, deadline=None)
@given(
    st.lists(st.integers(0, 10**12), min_size=1, max_size=4),
    st.integers(1, 10**9).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))),
)
def test_split_sums_exactly(amounts: list[int], ratio: tuple[int, int]) -> None:
    """The parts of a payment sum to it to the cent, each fund's first part within a cent of its share."""
    payment = tuple(enumerate(amounts))
    first, rest = split(payment, *ratio)
    for (fund_id, amount), (_, a), (_, b) in zip(payment, first, rest, strict=True):
        assert a + b == amount, fund_id
        assert min(a, b) >= 0
        assert 0 <= amount * ratio[0] - a * ratio[1] < ratio[1]


def test_most_restricted_then_first_to_expire_is_drawn_on_first() -> None:
    """Money with strings goes before money without, and of equals that which lapses sooner."""
    funds = (
        fund("FREE"),
        fund("LATER", use="running", expires="2028-01-01"),
        fund("SITE", use="running", earmark_sites=("S1",)),
        fund("SOONER", use="running", expires="2027-01-01"),
    )
    assert [funds[i].fund_id for i in drawing_order(funds)] == ["SITE", "SOONER", "LATER", "FREE"]


@pytest.mark.parametrize("expired", [False, True])
def test_books_close_after_every_step(expired: bool) -> None:
    """Received = available + committed + spent + lapsed after each operation of a life."""
    money = ledger(1000, 500)
    if expired:
        money.expire(1)
    payments = [money.commit((1, 0), amount) for amount in (301, 402, 299)]
    for number, payment in enumerate(p for p in payments if p):
        done, rest = split(payment, number + 1, 7)
        money.spend(done)
        money.release(rest)
        for k in range(2):
            parts = (money.available[k], money.committed[k], money.spent[k], money.lapsed[k])
            assert sum(parts) == money.received[k]
            assert min(parts) >= 0
