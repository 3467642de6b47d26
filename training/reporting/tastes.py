"""A few named tastes and well-known films, so that a person can judge lists at a glance."""

from typing import NamedTuple

from recsys.catalog import Catalog
from recsys.titles import spellings


class Film(NamedTuple):
    """A film by the start of its title, as MovieLens spells it, and its year."""

    title: str
    year: int


TASTES: dict[str, tuple[Film, ...]] = {
    "Space adventures": (
        Film("Star Wars", 1977),
        *(Film("Star Trek: The Wrath of Khan", 1982), Film("Star Trek II: The Wrath of Khan", 1982)),
        Film("Alien", 1979),
    ),
    "Animation for children": (Film("Toy Story", 1995), Film("Aladdin", 1992), Film("Lion King, The", 1994)),
    "Crime": (Film("Godfather, The", 1972), Film("Pulp Fiction", 1994), Film("Fargo", 1996)),
    "Romantic comedies": (
        *(Film("Sleepless in Seattle", 1993), Film("When Harry Met Sally", 1989)),
        Film("Four Weddings and a Funeral", 1994),
    ),
    "Hitchcock and film noir": (Film("Vertigo", 1958), Film("Psycho", 1960), Film("Maltese Falcon, The", 1941)),
    "Horror": (Film("Scream", 1996), Film("Nightmare on Elm Street, A", 1984), Film("Shining, The", 1980)),
    "Art house": (Film("Three Colors: Red", 1994), Film("Piano, The", 1993), Film("Seven Samurai", 1954)),
}

WELL_KNOWN: tuple[Film, ...] = (
    *(Film("Toy Story", 1995), Film("Star Wars", 1977), Film("Pulp Fiction", 1994), Film("Fargo", 1996)),
    *(Film("Aladdin", 1992), Film("Alien", 1979), Film("Godfather, The", 1972), Film("Casablanca", 1942)),
    *(Film("Scream", 1996), Film("English Patient, The", 1996), Film("Titanic", 1997), Film("Contact", 1997)),
    *(Film("Braveheart", 1995), Film("Monty Python and the Holy Grail", 1974), Film("Lion King, The", 1994)),
    *(Film("Trainspotting", 1996), Film("Silence of the Lambs, The", 1991), Film("Back to the Future", 1985)),
    *(Film("Vertigo", 1958), Film("Speed", 1994)),
)


def find_films(catalog: Catalog, films: tuple[Film, ...]) -> list[int]:
    """Return the rows of those films that the catalog holds, in the given order.

    A title matches that starts alike, its article on either side, in the same year give or take one, as sources differ;
    the shortest wins.
    """
    found = []
    for film in films:
        rows = [
            row
            for row, title in enumerate(catalog.titles)
            if abs(int(catalog.years[row]) - film.year) <= 1
            and any(spelled.startswith(film.title) for spelled in spellings(title))
        ]
        if rows:
            found.append(min(rows, key=lambda row: (len(catalog.titles[row]), row)))
    return found
