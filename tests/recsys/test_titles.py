import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.titles import ARTICLES, display_title, spellings

FILMS_JS = Path(__file__).parents[2] / "serving" / "worker" / "explorer" / "static" / "films.js"


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Godfather, The (1972)", "The Godfather (1972)"),
        ("Godfather: Part II, The (1974)", "The Godfather: Part II (1974)"),
        ("Nightmare on Elm Street, A (1984)", "A Nightmare on Elm Street (1984)"),
        ("American Werewolf in London, An (1981)", "An American Werewolf in London (1981)"),
        ("Postino, Il (The Postman) (1994)", "Il Postino (The Postman) (1994)"),
        (
            "City of Lost Children, The (Cité des enfants perdus, La) (1995)",
            "The City of Lost Children (La Cité des enfants perdus) (1995)",
        ),
        ("Avventura, L' (Adventure, The) (1960)", "L'Avventura (The Adventure) (1960)"),
        ("Matrix, The", "The Matrix"),
        ("The Godfather (1972)", "The Godfather (1972)"),
        ("I, Robot (2004)", "I, Robot (2004)"),
        ("Good, the Bad and the Ugly, The (1966)", "The Good, the Bad and the Ugly (1966)"),
        ("Me, Myself & Irene (2000)", "Me, Myself & Irene (2000)"),
        ("Toy Story (1995)", "Toy Story (1995)"),
        (", The", ", The"),
        ("", ""),
    ],
)
def test_display_title_has_its_article_in_front(title: str, shown: str) -> None:
    assert display_title(title) == shown
    assert display_title(shown) == shown


@given(st.text())
def test_display_title_of_any_text_keeps_its_characters(text: str) -> None:
    assert sorted(display_title(text).replace(" ", "").replace(",", "")) == sorted(
        text.replace(" ", "").replace(",", "")
    )


def test_display_title_of_a_hostile_title_takes_no_time() -> None:
    hostile = "(" * 50_000 + " " * 50_000 + ", The" * 20_000
    assert len(display_title(hostile)) <= len(hostile)


@pytest.mark.parametrize(
    ("title", "others"),
    [
        ("Matrix, The (1999)", ["The Matrix (1999)"]),
        ("The Matrix (1999)", ["Matrix, The (1999)"]),
        ("L'Avventura (1960)", ["Avventura, L' (1960)"]),
        ("Toy Story (1995)", []),
    ],
)
def test_spellings_are_the_title_with_its_article_on_either_side(title: str, others: list[str]) -> None:
    assert list(spellings(title)) == [title, *others]


def test_articles_are_those_of_the_explorer() -> None:
    (found,) = re.findall(r'^const ARTICLES = "(.*)";$', FILMS_JS.read_text(encoding="utf-8"), re.MULTILINE)
    assert found == ARTICLES
