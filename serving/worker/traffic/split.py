"""Which of two versions answers whom.

With a split on, what ranks or names movies is answered by one version for the whole request: ``POST /recommend`` and
everything below ``/movies``. All else, `/invocations` among it, stays with Production.
"""

from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import NamedTuple

from starlette.types import Scope

from recsys.traffic import SHADOW, SPLIT, Draw, Share
from serving.shared.published_traffic import PublishedTraffic
from serving.worker.loaded_model import LoadedModel
from serving.worker.schemas.question import Question

USER_HEADER = b"x-user-id"
MOVIES, RECOMMEND = "/movies", "/recommend"

EXPERIMENT_BYTES = 5
"""The number of an experiment is kept in a float64 cell, which holds up to 53 bits."""


@dataclass(frozen=True, eq=False, slots=True)
class Split:
    """Two loaded versions, and who gets which.

    Attributes
    ----------
    production, challenger
        The versions.
    callers, shadowed
        The Challenger answers callers in the first; what Production answers those in the second it answers as well,
        unseen. None for nobody.
    experiment
        Under this number the counters are kept: one for each Challenger and share, so that what is compared was
        counted over the same time.
    """

    production: LoadedModel
    challenger: LoadedModel
    callers: Draw | None
    shadowed: Draw | None
    experiment: int

    @classmethod
    def of(cls, traffic: PublishedTraffic, production: LoadedModel, challenger: LoadedModel) -> "Split":
        """Return the split that is published, over the versions as they are loaded."""
        salt, challenged = traffic.salt.encode(), Share.parse(traffic.challenger_share)
        shadowed = Share.parse(traffic.shadow_share)
        return cls(
            production,
            challenger,
            Draw(challenged, salt, SPLIT) if challenged else None,
            Draw(shadowed, salt, SHADOW) if shadowed else None,
            experiment_of(traffic),
        )

    def model_for(self, caller: bytes) -> LoadedModel:
        """Return the version that answers a caller."""
        callers = self.callers
        return self.challenger if callers is not None and callers.takes(caller) else self.production

    def hiding(self, movie_ids: frozenset[int]) -> "Split":
        """Return the same split over models that never show these movies."""
        return replace(self, production=self.production.hiding(movie_ids), challenger=self.challenger.hiding(movie_ids))


@dataclass(slots=True)
class Turn:
    """The part that one request has in a split.

    Attributes
    ----------
    split
        As it was when the request came in, whatever is published meanwhile.
    caller
        Who asks; hashed, and never shown or logged.
    model
        The version that answers.
    is_popular
        Whether the list that was given is of popular movies; None when none was.
    shadowed
        What Production was asked and has answered, where the Challenger is to answer it as well.
    """

    split: Split
    caller: bytes
    model: LoadedModel
    is_popular: bool | None = None
    shadowed: "Asked | None" = None

    def name_caller(self, user_id: str | int) -> None:
        """Let the id in the body say who asks; it counts for more than the header, which a proxy may have set."""
        self.caller = str(user_id).encode()
        self.model = self.split.model_for(self.caller)

    def has_listed(self, question: Question, rows: tuple[int, ...], *, is_popular: bool) -> None:
        """Note the list that was given, and let the Challenger answer Production's as well if the caller is drawn."""
        self.is_popular = is_popular
        shadowed = self.split.shadowed
        if shadowed is not None and self.model is self.split.production and shadowed.takes(self.caller):
            self.shadowed = Asked(question, rows)


class Asked(NamedTuple):
    """A question that was answered, and the rows of the catalog that the answer lists."""

    question: Question
    rows: tuple[int, ...]


def turn_of(split: Split, scope: Scope, correlation_id: str) -> Turn:
    """Return the part of a request in a split: the caller is told by ``X-User-ID``, else by the correlation id."""
    for name, value in scope["headers"]:
        if name == USER_HEADER and (caller := value.strip()):
            return Turn(split, caller, split.model_for(caller))
    caller = correlation_id.encode()
    return Turn(split, caller, split.model_for(caller))


def takes_part(path: str) -> bool:
    """Return whether a path is answered by the version that is the caller's, and not always by Production."""
    return path == RECOMMEND or path.startswith(MOVIES)


def experiment_of(traffic: PublishedTraffic) -> int:
    """Return the number that the counters of an experiment are kept under, from 1 on."""
    text = f"{traffic.salt}:{traffic.challenger_share}".encode()
    return int.from_bytes(blake2b(text, digest_size=EXPERIMENT_BYTES).digest(), "big") or 1
