"""Text from outside becomes one visible line, whatever it holds."""

from hypothesis import given
from hypothesis import strategies as st

from ipos_pipeline.domain.plain_text import one_line


@given(st.text(st.characters(exclude_categories=())), st.integers(1, 50))
def test_any_text_becomes_one_line_of_what_can_be_seen(text: str, length_max: int) -> None:
    line = one_line(text, length_max)
    assert len(line) <= length_max
    assert len(line.splitlines()) <= 1
    assert not any(character < " " or character == "\x7f" for character in line)
    assert not set(line) & set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    line.encode()  # no half of a character is left


def test_ordinary_text_stays_as_it_is() -> None:
    text = "Laban 1 L, لبن, 2 for 3.99 <b>"
    assert one_line(text, 100) == text


def test_lines_are_joined_and_what_is_too_long_is_cut_visibly() -> None:
    assert one_line(" a\r\n\tb\u2028c ", 10) == "a b c"
    assert one_line("abcdef", 4) == "abc…"
