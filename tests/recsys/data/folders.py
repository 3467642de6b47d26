"""Tiny folders in the three MovieLens formats, written by hand: 3 users, 4 movies, 6 ratings."""

from pathlib import Path

ML100K_RATINGS = (
    "1\t10\t5\t880000001\n1\t20\t3\t880000002\n2\t10\t4\t880000003\n"
    "7\t30\t1\t880000004\n7\t10\t2\t880000005\n2\t20\t5\t880000006\n"
)
ML1M_RATINGS = ML100K_RATINGS.replace("\t", "::")
CSV_RATINGS = (
    "userId,movieId,rating,timestamp\n"
    "1,10,5.0,880000001\n1,20,3.5,880000002\n2,10,4.0,880000003\n7,30,0.5,880000004\n7,10,2.0,880000005\n2,20,5,880000006\n"
)
ML1M_MOVIES = (
    "10::Toy Story (1995)::Animation|Children's|Comedy\n20::Misérables, Les (1995)::Drama|Musical\n"
    "30::Eyes Without a Face::Horror\n40::Nobody Saw It (2000)::Drama\n"
)
CSV_MOVIES = (
    "movieId,title,genres\n10,Toy Story (1995),Animation|Children|Comedy\n"
    '20,"Misérables, Les (1995)",Drama|Musical\n30,"Say ""Hi"" (2006\u20132007)",(no genres listed)\n'
    "40,Babylon 5,Sci-Fi\n"
)


def u_item_line(movie_id: int, title: str, date: str, genres: str, url: str = "") -> str:
    """Return a line of ``u.item``; ``genres`` are the numbers of the flags that are set, between blanks."""
    numbers = {int(number) for number in genres.split()}
    flags = "|".join(str(int(number in numbers)) for number in range(19))
    return f"{movie_id}|{title}|{date}||{url}|{flags}\n"


ML100K_MOVIES = (
    u_item_line(10, "Toy Story (1995)", "01-Jan-1995", "3 4 5", "http://us.imdb.com/M/title-exact?Toy%20Story%20(1995)")
    + u_item_line(20, "Misérables, Les", "4-Feb-1971", "8 12")
    + u_item_line(30, "unknown", "", "0")
    + u_item_line(40, "Two Friends (1986) ", "01-Jan-1987", "")
)


def write_ml100k(folder: Path, *, ratings: str = ML100K_RATINGS, movies: str = ML100K_MOVIES) -> Path:
    (folder / "u.data").write_text(ratings, "latin-1")
    (folder / "u.item").write_text(movies, "latin-1")
    return folder


def write_ml1m(folder: Path, *, ratings: str = ML1M_RATINGS, movies: str = ML1M_MOVIES) -> Path:
    (folder / "ratings.dat").write_text(ratings, "latin-1")
    (folder / "movies.dat").write_text(movies, "latin-1")
    return folder


def write_csv_family(folder: Path, *, ratings: str = CSV_RATINGS, movies: str = CSV_MOVIES) -> Path:
    (folder / "ratings.csv").write_text(ratings, "utf-8")
    (folder / "movies.csv").write_text(movies, "utf-8")
    return folder
