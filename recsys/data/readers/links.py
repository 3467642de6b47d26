"""``links.csv``: addresses at IMDb. Nice to have: whatever is wrong in it costs a warning, never the training."""

from collections.abc import Mapping

from loguru import logger

from recsys.data.places import DataFile
from recsys.data.policies import Note
from recsys.data.readers.columns import IMDB_ID, LINK_NAMES, MOVIE
from recsys.data.readers.layout import sniff
from recsys.data.readers.movies import imdb_address, text_records
from recsys.data.readers.values import BadValueError, parse_id
from recsys.errors import DataError


def read_links(file: DataFile | None) -> tuple[Mapping[int, str], tuple[Note, ...]]:
    """Return the address of each movie at IMDb by its id, and a note when some or all of the file was left out.

    Links of movies that the dataset does not have do no harm.
    """
    if file is None:
        return {}, ()
    try:
        urls, n_wrong, example = _read(file)
    except DataError as error:
        logger.warning("no links are read: {}", error)
        return {}, (Note(file.path.name, "file of links", "dropped", 1, str(error)),)
    if not n_wrong:
        return urls, ()
    note = Note(file.path.name, "links that hold no IMDb id", "dropped", n_wrong, example)
    logger.warning("{}", note.sentence)
    return urls, (note,)


def _read(file: DataFile) -> tuple[dict[int, str], int, str]:
    layout = sniff(file, LINK_NAMES, default=(MOVIE, IMDB_ID), expected="movieId,imdbId,tmdbId")
    movie, imdb = layout.place_of(MOVIE), layout.place_of(IMDB_ID)
    if movie is None or imdb is None:
        problem = "the header has to name movieId and imdbId"
        raise DataError(problem, path=file.place, line=1, value=layout.separator.join(layout.names))
    urls: dict[int, str] = {}
    n_wrong, example = 0, ""
    for line, fields in text_records(file, layout):
        texts = [fields[place].strip() if len(fields) > place else "?" for place in (movie, imdb)]
        try:
            movie_id = parse_id(texts[0], "movie id")
        except BadValueError:
            movie_id = -1
        url = imdb_address(texts[1])
        if movie_id >= 0 and url:
            urls[movie_id] = url
        elif movie_id < 0 or texts[1].lower() not in ("", "nan", "na", "null", "none", "\\n"):
            n_wrong += 1
            example = example or f"line {line}: {layout.separator.join(fields)[:80]!r}"
    return urls, n_wrong, example
