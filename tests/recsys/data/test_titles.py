import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.titles import year_of


@pytest.mark.parametrize(
    ("title", "year"),
    [
        ("Toy Story (1995)", 1995),
        ("Two Friends (1986) ", 1986),
        ("Land Before Time III: The Time of the Great Giving (1995) (V)", 1995),
        ("2001: A Space Odyssey (1968)", 1968),
        ("Blade Runner 2049 (2017)", 2017),
        ("Death Note: Desu nôto (2006\u20132007)", 2006),
        ("Stranger Things (2016- )", 2016),
        ("City of Lost Children, The (Cité des enfants perdus, La) (1995)", 1995),
        ("Film (1950) remade (1990)", 1990),
        ("unknown", 0),
        ("Babylon 5", 0),
        ("Number (12345)", 0),
        ("", 0),
    ],
)
def test_year_of_title_is_the_last_in_parentheses(title: str, year: int) -> None:
    assert year_of(title) == year


@given(st.text(), st.integers(1000, 9999))
def test_year_of_any_text_before_it_does_not_matter(text: str, year: int) -> None:
    assert year_of(f"{text} ({year})") == year


@pytest.mark.parametrize("text", ["(1995-", "(1995", "(", "(1995-2000", "((((", "(1995 - 2000 - "])
def test_year_of_blanks_without_end_is_found_out_in_one_pass(text: str) -> None:
    assert year_of(text + " " * 300_000) == 0
