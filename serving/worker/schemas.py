"""What is asked and answered over HTTP, as ``/docs`` shows it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from recsys.catalog import MAX_STARS, MIN_STARS
from recsys.filter import MAX_ID, MovieFilter
from recsys.question import DEFAULT_N, MAX_N
from recsys.recency import MAX_RECENCY

MAX_RATINGS = 1000
MAX_VERSION = 2**31 - 1
MAX_IDS = 200

Stars = Annotated[float, Field(ge=MIN_STARS, le=MAX_STARS, strict=True, allow_inf_nan=False)]
MinRating = Annotated[float, Field(ge=0, le=MAX_STARS, strict=True, allow_inf_nan=False)]
N = Annotated[int, Field(ge=1, le=MAX_N, strict=True)]
RatedId = Annotated[int, Field(ge=-MAX_ID, le=MAX_ID)]
"""A key of a JSON object, which is a text."""
UserId = Annotated[str, Field(min_length=1, max_length=128)] | Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)]


class Question(BaseModel):
    """A history of ratings, for which movies are wanted."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"user_ratings": {"1": 5, "50": 4.5}, "n": 10}]},
    )

    user_ratings: Annotated[dict[RatedId, Stars], Field(max_length=MAX_RATINGS)]
    """Movie ids and the stars given to each, 0.5 to 5; at most 1,000. Without any, popular movies are the answer."""
    n: N = DEFAULT_N
    """How many movies are wanted."""
    min_rating: MinRating | None = None
    """Only movies from so many stars on count, as likes, 0 for all alike. Without it stars above 2 speak for other
    movies and stars below 2 against them, the further the more."""
    diversity: Annotated[float, Field(ge=0, le=1, strict=True, allow_inf_nan=False)] = 0.0
    """From 0, by score alone, to 1, as unlike one another as possible."""
    recency: Annotated[float, Field(ge=0, le=MAX_RECENCY, strict=True, allow_inf_nan=False)] | None = None
    """From 0, not at all, to 2: how far movies that are rated more lately than before are raised. Without it as the
    model was trained, by default 0."""
    new: Annotated[int, Field(ge=0, le=MAX_N, strict=True)] = 0
    """So many places at the end of the list, at most n, for the best movies that nobody has rated yet; their content
    alone speaks for them. Fewer where the model knows nothing of them, none in popular lists."""
    filter: MovieFilter | None = None
    """Which movies may come up. The list is filled up to n from what is allowed."""
    user_id: UserId | None = None
    """Who asks, 1 to 128 characters or a number; only for which version answers while two share the traffic, so that
    one user always gets the same. Hashed, never kept or logged. Without it `X-User-ID` tells, else the correlation id.
    """


class _Answer(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class MovieName(_Answer):
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


class Movies(_Answer):
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


class Recommendations(_Answer):
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


class SimilarMovies(_Answer):
    """Movies that resemble one, most similar first."""

    query_movie: MovieName
    similar_movies: list[SimilarMovie]
    count: int
    unknown_movie_ids: list[int] | None = None
    """Candidates that the model does not know; left out when no candidates were named."""


class ModelAnswer(_Answer):
    """The version that answers."""

    name: str
    alias: str
    version: str
    method: str
    params: dict[str, Any]
    dataset: dict[str, Any]
    """``name``, ``digest``, ``n_users``, ``n_items`` and ``n_ratings`` of what it was fitted on."""
    genres: list[str]
    """The names that a filter takes."""
    years: list[int] | None
    """The first and the last year of its movies; null when none is known."""
    metrics: dict[str, float]
    """On the holdout, as the registry's tags hold them; ``ndcg_at_10_popularity`` is the baseline's."""
    created: str | None
    """When it was registered; null as long as the registry has not been reached."""
    run_id: str
    run_url: str | None
    """The run in MLflow; null when the tracking store has no address."""
    loaded_at: str
    newest_rating: int | None
    """The time of the newest rating that it was trained on, Unix time; null where that is not on record."""
    comparing: Literal["open", "token", "closed"]
    """Whether other versions may be looked at: by everyone, with the admin token, or not at all."""


class Version(_Answer):
    """A registered version."""

    version: str
    aliases: list[str]
    method: str | None
    dataset: str | None
    dataset_digest: str | None
    """Metrics of versions on different data come from different holdouts."""
    split: str | None
    """How the holdout was chosen; metrics compare on the same data and split only."""
    metrics: dict[str, float]
    created: str
    run_id: str
    run_url: str | None
    state: Literal["served", "ready", "loading", "refused", "available"]
    """``ready`` versions answer `?version=` at once; ``available`` ones are downloaded first."""
    problem: str | None
    """Why it was refused."""


class Versions(_Answer):
    """The registered versions, newest first: the last fifty, and whatever has an alias."""

    as_of: str | None
    """When the list last changed; null when the registry has not been reached yet."""
    served: str | None
    versions: list[Version]


class VersionLoad(_Answer):
    """How far a version is."""

    version: str
    state: Literal["served", "ready", "loading", "refused", "available"]
    problem: str | None


class RegistryHealth(_Answer):
    """How the last look at the model registry went."""

    reachable: bool | None
    """Null before the first look."""
    last_checked: str | None
    problem: str | None
    """Why what is served may not be what the registry wants."""


class Traffic(_Answer):
    """What a Challenger gets of the traffic."""

    challenger_version: str | None
    """Null when no version has the alias."""
    challenger_share: str
    """Of the callers, who get its answers."""
    shadow_share: str
    """Of what Production answers, which it answers as well, unseen."""
    problem: str | None
    """Why Production answers everyone; null when the Challenger has its part. The service is healthy either way."""


class Health(_Answer):
    """Whether the service can answer, and from which model."""

    status: Literal["healthy", "degraded", "unavailable"]
    model_loaded: bool
    model_name: str
    model_version: str | None
    model_run_id: str | None
    model_loaded_at: str | None
    registry: RegistryHealth
    reason: str | None
    """Why the service is not healthy."""
    traffic: Traffic | None
    """Null when nothing is asked of a Challenger."""
    cache_size: int
    """Answers kept by the worker that answers."""
    cache_maxsize: int


class State(_Answer):
    """One word for an orchestrator."""

    status: str


class CacheCleared(_Answer):
    """The answers of all workers have been forgotten."""

    status: Literal["cleared"]


class Reloaded(_Answer):
    """What a look at the registry came to."""

    status: Literal["reloaded", "unchanged", "refused", "accepted"]
    """``accepted`` when the look still goes on; /health tells the rest."""
    previous_version: str | None
    model_version: str | None
    problem: str | None


class CacheCounts(_Answer):
    """How the cache of answers has done."""

    hits: int
    misses: int


class ServedAges(_Answer):
    """How old the served model is, and what it knows; null where that is not on record."""

    version: str
    age_seconds: float | None
    newest_rating_age_seconds: float | None
    movies: int


class Events(_Answer):
    """What users were told to have done, by kind."""

    click: int
    watch: int
    rating: int


class Arm(_Answer):
    """What one of two versions did since they share the traffic so."""

    version: str
    role: Literal["production", "challenger"]
    requests: int
    errors: int
    """Those with a status from 400 on."""
    avg_latency_ms: float | None
    lists: int
    """Answers to `POST /recommend`."""
    popular_share: float | None
    events: Events
    click_through: float | None
    """Clicks by lists, at most 1, and the ends of its 95 % interval (Wilson)."""
    click_through_low: float | None
    click_through_high: float | None
    mean_rating: float | None
    distinct_movies: int
    """Different movies that it has recommended since its first answer."""
    coverage: float | None
    """The same as a share of its catalog."""


class ShadowCounts(_Answer):
    """How the answers in the shadow compare with those that were given; means over those compared."""

    compared: int
    failed: int
    dropped: int
    """Not made, as the worker was busy."""
    overlap_at_10: float | None
    """Part of the first ten that is in both lists."""
    rank_agreement: float | None
    """Rank-biased overlap (Webber, Moffat & Zobel 2010), persistence 0.9: from 0 to 1, the first places count most."""
    avg_ms: float | None


class Experiment(_Answer):
    """A Challenger on real traffic."""

    experiment: str
    """Another for each Challenger and share; the counts begin anew with it."""
    challenger_share: str
    shadow_share: str
    since_seconds: float | None
    versions: list[Arm]
    shadow: ShadowCounts


class VersionInLife(_Answer):
    """What a version has answered to ``POST /recommend`` as the served one, over all workers."""

    version: str
    since_seconds: float
    """Since its first answer."""
    answers: int
    popular_share: float | None
    """Share of the answers with popular movies, as the history said nothing; null without an answer, as all shares."""
    unknown_movie_share: float | None
    """Share of the rated movies that it does not know."""
    mean_history_length: float | None
    history_lengths: dict[str, int]
    """Answers by the number of rated movies, ``"5"`` for 3 to 5."""
    distinct_movies: int
    """Different movies that it has recommended."""
    coverage: float | None
    """The same as a share of its catalog; of the served version only."""
    events: Events
    click_through: float | None
    """Clicks told by `POST /feedback` by answers, at most 1, and the ends of its 95 % interval (Wilson)."""
    click_through_low: float | None
    click_through_high: float | None


class MetricsAnswer(_Answer):
    """What all workers have done since the service started."""

    uptime_seconds: float
    total_requests: int
    successful_requests: int
    failed_requests: int
    success_rate: float
    avg_latency_ms: float
    errors_by_type: dict[str, int]
    requests_by_endpoint: dict[str, int]
    status_codes: dict[str, int]
    cache: CacheCounts
    workers: int
    connections: int
    """Those that the workers hold; counted once a second."""
    log_lines_dropped: int
    """Lines of the workers' logs that nothing took."""
    worker_deaths: int
    """Of them ``worker_hangs`` because the worker gave no sign of life."""
    worker_hangs: int
    model: ServedAges | None
    """The served model; null as long as there is none."""
    versions: list[VersionInLife]
    """What each of the last versions has answered, the oldest first."""
    traffic: Experiment | None
    """Null when Production answers everyone."""
    feedback_ignored: int
    """Events of versions that have not answered here."""


class ErrorAnswer(_Answer):
    """The one shape of every error."""

    error: str
    detail: str | list[dict[str, Any]]
    correlation_id: str
