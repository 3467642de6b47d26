"""What all workers have done, as it is answered over HTTP."""

from serving.worker.schemas.answer import Answer
from serving.worker.schemas.experiment import Events, Experiment


class CacheCounts(Answer):
    """How the cache of answers has done."""

    hits: int
    misses: int


class ServedAges(Answer):
    """How old the served model is, and what it knows; null where that is not on record."""

    version: str
    age_seconds: float | None
    newest_rating_age_seconds: float | None
    movies: int


class VersionInLife(Answer):
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


class MetricsAnswer(Answer):
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
