"""Movies as they are answered over HTTP."""

from typing import Literal

from serving.worker.schemas.answer import Answer


class MovieName(Answer):
    """A movie, in short."""

    movie_id: int
    title: str
    year: int | None
    """Year of release, null when it is not known."""


class Movie(MovieName):
    """A movie with all that is known of it."""

    genres: list[str]
    imdb_url: str | None
    """Null when it is not known."""
    n_ratings: int
    """How often it is rated in the data that the model was fitted on."""


class Movies(Answer):
    """Several movies, in the order in which they were asked for."""

    movies: list[Movie]
    unknown_movie_ids: list[int]
    """Those that the model does not know."""


class Recommendation(MovieName):
    """A movie that the user may like."""

    predicted_score: float
    """The higher the better. Comparable among answers of one version with the same strategy: with ``personal`` what the
    user's ratings say for the movie, without a unit; with ``popular`` the share of recent users who have rated it, from
    0 to 1, lowered by its likeness to what the user dislikes."""
    because: list[int]
    """Ids of at most three liked movies that spoke for it, the strongest first."""
    because_shares: list[float]
    """The part of each of these in all that the user's liked movies say for it, from 0 to 1."""
    despite: int | None = None
    """Id of the disliked movie that spoke most against it; left out when none says much."""


class Recommendations(Answer):
    """Movies that the user has not rated, best first."""

    recommendations: list[Recommendation]
    count: int
    strategy: Literal["personal", "popular"]
    """``popular`` when the history holds no known movie that was liked: what is popular lately, for everyone."""
    unknown_movie_ids: list[int]
    """Rated movies and candidates of the filter that the model does not know."""
    new_movie_ids: list[int] | None = None
    """Those that fill places for new movies; left out when none were asked for."""


class SimilarMovie(MovieName):
    """A movie that resembles another."""

    similarity: float
    """From 0 to 1."""


class SimilarMovies(Answer):
    """Movies that resemble one, most similar first."""

    query_movie: MovieName
    similar_movies: list[SimilarMovie]
    count: int
    unknown_movie_ids: list[int] | None = None
    """Candidates that the model does not know; left out when no candidates were named."""
