"""The checks of the contest: the new ratings, the two contests, popularity, coverage, the floor."""

from dataclasses import dataclass, replace

from training.gating.contenders import Contender, Contest, interval_of
from training.gating.new_ratings import NewRatings
from training.gating.params import GateParams
from training.gating.records import Recorded
from training.gating.thresholds import at_least, at_most, not_checked
from training.gating.verdict import Check

NO_WORSE = "Production did not beat popularity either, by its record"
NEW_RATINGS = ("new_stars", "new_popularity", "new_copied_users", "new_ndcg", "new_gain")


@dataclass(frozen=True, eq=False)
class Trials:
    """All that was measured on ratings; where something could not be, a sentence that says why.

    Attributes
    ----------
    same_recipe
        Whether the candidate was made as Production was.
    as_served
        The contest on ratings that are new to both.
    of_recipes
        The contest of the two recipes, fitted on the same training part.
    candidate, popularity
        The candidate and the popularity baseline on the candidate's holdout.
    production_shortfall
        How Production fails to beat popularity, by its record; empty where it does not, or nothing is on record.
    new_ratings
        What they look like to Production.
    recorded
        What both have reached by the same rules.
    """

    same_recipe: bool
    as_served: Contest | str
    of_recipes: Contest | str
    candidate: Contender
    popularity: Contender | None = None
    production_shortfall: str = ""
    new_ratings: NewRatings | str = "they were not looked at"
    recorded: Recorded | str = "there is no record"

    @property
    def main(self) -> Contest | None:
        """Return the contest that says most; None where none was held."""
        return next((held for held in (self.as_served, self.of_recipes) if isinstance(held, Contest)), None)


def contest_checks(trials: Trials | None, params: GateParams) -> tuple[Check, ...]:
    """Return the checks of everything that was measured on ratings; None where nothing is served to compare with."""
    if trials is None:
        return (
            *(not_checked(name, "contest", "there is no Production to compare with") for name in NEW_RATINGS),
            Check("contest_as_served", "contest", "passed", "there is no Production to compare with"),
            not_checked("contest_of_recipes", "contest", "there is no Production to compare with"),
            not_checked("beats_popularity", "contest", "there is no Production to compare with"),
            not_checked("coverage", "coverage", "there is no coverage of Production to compare with"),
            not_checked("floor", "floor", "there is no record of Production to reach"),
        )
    return (
        *new_ratings_checks(trials.new_ratings, params),
        _as_served(trials, params),
        _of_recipes(trials, params),
        _beats_popularity(trials, params),
        _coverage(trials, params),
        _floor(trials, params),
    )


def new_ratings_checks(new: NewRatings | str, params: GateParams) -> tuple[Check, ...]:
    """Return the checks of the ratings that are newer than Production's data."""
    if isinstance(new, str):
        return tuple(not_checked(name, "contest", new) for name in NEW_RATINGS)
    said = f"the {new.n_ratings:,} new ratings of {new.n_users} users"
    broken = "the new data differ from the old in kind; look at how they were exported"
    stars = f"the stars of {said} have a population stability index of {new.stars_shift:.3f} against Production's"
    copied = f"of {said}, {new.copied_users:.1%} of the users have exactly the ratings of another user"
    twice = "users have been exported twice"
    lean = f"{said} lean {new.popularity:.0%} as much towards popular movies as Production's did"
    return (
        at_most("new_stars", "contest", new.stars_shift, params.max_new_stars_shift, stars, otherwise=broken),
        at_least("new_popularity", "contest", new.popularity, params.min_new_popularity, lean, otherwise=broken),
        at_most("new_copied_users", "contest", new.copied_users, params.max_copied_users, copied, otherwise=twice),
        _new_ndcg(new, said, params),
        _new_gain(new, said, params),
    )


def _new_ndcg(new: NewRatings, said: str, params: GateParams) -> Check:
    share = new.ndcg.upper / new.usual_ndcg.mean if new.usual_ndcg.mean > 0 else 1.0
    sentence = (
        f"Production predicts {said} with an nDCG@10 of {new.ndcg.mean:.3f} [{new.ndcg.lower:.3f}, "
        f"{new.ndcg.upper:.3f}], as many of its own users with {new.usual_ndcg.mean:.3f}"
    )
    otherwise = "users and movies do not mean what they did; look at how ids and ratings were joined"
    return at_least("new_ndcg", "contest", share, params.min_new_ndcg, sentence, otherwise=otherwise)


def _new_gain(new: NewRatings, said: str, params: GateParams) -> Check:
    if new.usual_gain.lower <= 0:
        return not_checked("new_gain", "contest", "Production does not beat popularity on its own ratings either")
    share = new.gain.upper / new.usual_gain.mean
    sentence = (
        f"on {said} Production beats popularity by {new.gain.mean:+.3f} [{new.gain.lower:+.3f}, {new.gain.upper:+.3f}] "
        f"in nDCG@10, on as many of its own by {new.usual_gain.mean:+.3f}"
    )
    otherwise = (
        "a user's ratings do not belong together as they did; check whether users and movies were joined correctly"
    )
    return at_least("new_gain", "contest", share, params.min_new_gain, sentence, otherwise=otherwise)


def _as_served(trials: Trials, params: GateParams) -> Check:
    contest = trials.as_served
    problem = contest if isinstance(contest, str) else contest.obstacle(params.min_users)
    if isinstance(contest, str) or problem:
        return not_checked("contest_as_served", "contest", problem)
    interval = contest.interval(params)
    span = f"nDCG@10 {interval.mean:+.4f} [{interval.lower:+.4f}, {interval.upper:+.4f}]"
    sentence = f"{span} against {contest.production.label} as served, on {contest.how}"
    otherwise = f"it is worse, as the upper end is below {-params.tolerance:+.4f}"
    return at_least("contest_as_served", "contest", interval.upper, -params.tolerance, sentence, otherwise=otherwise)


def _of_recipes(trials: Trials, params: GateParams) -> Check:
    name, contest = "contest_of_recipes", trials.of_recipes
    if trials.same_recipe:
        return not_checked(name, "contest", "the recipe is Production's own, so it would be compared with itself")
    problem = contest if isinstance(contest, str) else contest.obstacle(params.min_users)
    if isinstance(contest, str) or problem:
        if isinstance(trials.as_served, Contest):
            return not_checked(name, "contest", f"{problem}; the contest as served stands for it")
        return Check(name, "contest", "refused", f"Production cannot be compared: {problem}")
    interval, label = contest.interval(params), contest.production.label
    span = f"nDCG@10 {interval.mean:+.4f} [{interval.lower:+.4f}, {interval.upper:+.4f}] against {label}"
    if interval.lower <= -params.tolerance:
        sentence = f"{span}: the lower end is not above {-params.tolerance:+.4f}"
        return Check(name, "contest", "refused", sentence, interval.lower, -params.tolerance)
    sentence = f"{span}: the lower end is above {-params.tolerance:+.4f}"
    return Check(name, "contest", "passed", sentence, interval.lower, -params.tolerance)


def _beats_popularity(trials: Trials, params: GateParams) -> Check:
    name, ours, theirs = "beats_popularity", trials.candidate, trials.popularity
    if theirs is None or len(ours.user_ndcg) < params.min_users:
        return not_checked(name, "contest", "too few holdout users to tell")
    interval = interval_of(ours.user_ndcg, theirs.user_ndcg, params)
    sentence = f"on its holdout it has an nDCG@10 of {ours.ndcg:.4f}, popularity {theirs.ndcg:.4f}"
    otherwise = "it is worse than popularity, and Production is not on record as worse"
    check = at_least(name, "contest", interval.upper, -params.tolerance, sentence, otherwise=otherwise)
    if check.passed or not trials.production_shortfall:
        return check
    return replace(check, status="warning", sentence=f"{sentence}; {NO_WORSE}")


def _coverage(trials: Trials, params: GateParams) -> Check:
    if held := trials.main:
        return coverage_check(held.candidate.coverage, held.production.coverage, params)
    if isinstance(trials.recorded, Recorded):
        return coverage_check(trials.recorded.candidate.coverage, trials.recorded.production.coverage, params)
    return not_checked("coverage", "coverage", trials.recorded)


def coverage_check(now: float, before: float, params: GateParams) -> Check:
    """Return the check of the shares of the catalog that the lists of candidate and Production cover."""
    threshold = None if params.min_coverage_ratio is None else params.min_coverage_ratio * before
    sentence = f"its lists cover {now:.1%} of the catalog, Production's {before:.1%}"
    otherwise = f"coverage collapses below {params.min_coverage_ratio or 0:.0%} of what it was"
    return at_least("coverage", "coverage", now, threshold, sentence, otherwise=otherwise)


def _floor(trials: Trials, params: GateParams) -> Check:
    if not trials.same_recipe or isinstance(trials.as_served, Contest):
        return not_checked("floor", "floor", "the contest stands for it")
    return floor_check(trials.recorded, params)


def floor_check(recorded: Recorded | str, params: GateParams) -> Check:
    """Return whether the candidate reaches what Production has on record, of versions with the same recipe."""
    if isinstance(recorded, str):
        return not_checked("floor", "floor", recorded)
    ours, theirs = recorded.candidate, recorded.production
    sentence = (
        f"nDCG@10 {ours.ndcg:.4f} [{ours.lower:.4f}, {ours.upper:.4f}] on {recorded.how}, where Production has "
        f"{theirs.ndcg:.4f} on record"
    )
    otherwise = "by the same recipe it does not reach that any more"
    return at_least("floor", "floor", ours.upper, theirs.ndcg - params.tolerance, sentence, otherwise=otherwise)
