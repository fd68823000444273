"""Rounding and spreading: to the cent, and the same way every time."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ipos_pipeline.domain.money import round_money, spread, total_of

CENTS = st.integers(min_value=-(10**12), max_value=10**12).map(lambda n: Decimal(n).scaleb(-2))
WEIGHTS = st.lists(
    st.integers(min_value=-(10**9), max_value=10**11).map(lambda n: Decimal(n).scaleb(-2)),
    min_size=1,
    max_size=12,
)


def decimals(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        ("0.005", "0.01"),
        ("-0.005", "-0.01"),
        ("2.675", "2.68"),
        ("-2.675", "-2.68"),
        ("0.0049999", "0.00"),
        ("3", "3.00"),
    ],
)
def test_halves_are_rounded_away_from_zero(amount: str, rounded: str) -> None:
    assert str(round_money(Decimal(amount))) == rounded


def test_the_sum_of_nothing_shows_two_places() -> None:
    assert str(total_of([])) == "0.00"


@given(CENTS, WEIGHTS)
def test_the_parts_always_add_up_to_the_amount(amount: Decimal, weights: list[Decimal]) -> None:
    assume(sum(weights) != 0)
    assert sum(spread(amount, weights)) == amount


@given(CENTS, WEIGHTS)
def test_each_part_is_less_than_a_cent_from_its_share(
    amount: Decimal, weights: list[Decimal]
) -> None:
    whole = sum(weights)
    assume(whole != 0)
    for part, weight in zip(spread(amount, weights), weights, strict=True):
        assert abs(part - amount * weight / whole) <= Decimal("0.01")


@given(CENTS, WEIGHTS)
def test_a_weight_of_zero_gets_nothing(amount: Decimal, weights: list[Decimal]) -> None:
    assume(sum(weights) != 0)
    parts = spread(amount, [*weights, Decimal(0)])
    assert parts[-1] == 0


def test_the_largest_remainder_gets_the_odd_cent() -> None:
    assert spread(Decimal("0.01"), decimals("1", "3", "2")) == decimals("0", "0.01", "0")


def test_equal_remainders_go_to_the_earlier_line() -> None:
    assert spread(Decimal("0.02"), decimals("1", "1", "1")) == decimals("0.01", "0.01", "0")


def test_remainders_that_are_equal_but_endless_go_to_the_earlier_line() -> None:
    """Shares of 1.33, 0.33 and 0.33 cents: as Decimals their thirds differ in the 28th digit."""
    assert spread(Decimal("0.02"), decimals("4", "1", "1")) == decimals("0.02", "0", "0")


def test_a_negative_weight_takes_a_negative_share() -> None:
    """A line whose own discount exceeds its price reduces what the others carry."""
    assert spread(Decimal("10.00"), decimals("30", "-10")) == decimals("15", "-5")


def test_a_negative_amount_is_spread_as_well() -> None:
    assert spread(Decimal("-1.00"), decimals("1", "3")) == decimals("-0.25", "-0.75")


def test_parts_show_two_places() -> None:
    assert [str(part) for part in spread(Decimal("1.00"), decimals("1", "0"))] == ["1.00", "0.00"]
