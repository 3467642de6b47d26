"""Which of two versions answers whom.

With a split on, what ranks or names movies is answered by one version for the whole request: ``POST /recommend`` and
everything below ``/movies``. All else, `/invocations` among it, stays with Production.
"""

from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import NamedTuple

from starlette.types import Scope

from recsys.traffic import Share, position_of
from serving.shared.published_traffic import PublishedTraffic
from serving.worker.loaded_model import LoadedModel
from serving.worker.schemas import Question

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
    threshold, shadow_threshold
        Callers below the first are answered by the Challenger; what Production answers callers below the second is
        answered by the Challenger as well, unseen.
    salt
        Of the hash of callers.
    experiment
        Under this number the counters are kept: one for each Challenger and share, so that what is compared was
        counted over the same time.
    """

    production: LoadedModel
    challenger: LoadedModel
    threshold: int
    shadow_threshold: int
    salt: bytes
    experiment: int

    @classmethod
    def of(cls, traffic: PublishedTraffic, production: LoadedModel, challenger: LoadedModel) -> "Split":
        """Return the split that is published, over the versions as they are loaded."""
        share, salt = Share.parse(traffic.challenger_share), traffic.salt.encode()
        shadow = Share.parse(traffic.shadow_share)
        return cls(production, challenger, share.threshold, shadow.threshold, salt, experiment_of(traffic))

    def model_for(self, caller: bytes) -> LoadedModel:
        """Return the version that answers a caller."""
        return self.challenger if position_of(caller, self.salt) < self.threshold else self.production

    def is_shadowed(self, caller: bytes) -> bool:
        """Return whether what Production answers a caller is answered by the Challenger as well."""
        return position_of(caller, self.salt, b"shadow") < self.shadow_threshold

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
    shadowed
        What Production was asked and has answered, where the Challenger is to answer it as well.
    """

    split: Split
    caller: bytes
    model: LoadedModel
    shadowed: "Asked | None" = None

    def name_caller(self, user_id: str | int) -> None:
        """Let the id in the body say who asks; it counts for more than the header, which a proxy may have set."""
        self.caller = str(user_id).encode()
        self.model = self.split.model_for(self.caller)

    def shadow(self, question: Question, rows: tuple[int, ...]) -> None:
        """Let the Challenger answer a question of Production's as well, if the caller is in its share."""
        split = self.split
        if split.shadow_threshold and self.model is split.production and split.is_shadowed(self.caller):
            self.shadowed = Asked(question, rows)


class Asked(NamedTuple):
    """A question that was answered, and the rows of the catalog that the answer lists."""

    question: Question
    rows: tuple[int, ...]


def turn_of(split: Split, scope: Scope, correlation_id: str) -> Turn | None:
    """Return the part of a request in a split, None when its route has none.

    The caller is told by ``X-User-ID``, else by the correlation id.
    """
    path: str = scope["path"]
    if path != RECOMMEND and not path.startswith(MOVIES):
        return None
    given = next((value.strip() for name, value in scope["headers"] if name == USER_HEADER), b"")
    caller = given or correlation_id.encode()
    return Turn(split, caller, split.model_for(caller))


def experiment_of(traffic: PublishedTraffic) -> int:
    """Return the number that the counters of an experiment are kept under, from 1 on."""
    text = f"{traffic.salt}:{traffic.challenger_share}".encode()
    return int.from_bytes(blake2b(text, digest_size=EXPERIMENT_BYTES).digest(), "big") or 1
