"""The contest as served: Production as it is registered against the candidate's recipe, on ratings new to both.

The new ratings are cut in time. The recipe is fitted up to the cut; both get the users' histories up to the cut, and
are judged by what the users rated after it. Neither has seen that, so nobody is favored, and what was done to the data
since Production was trained shows.
"""

import numpy as np

from recsys.data.dataset import Dataset
from recsys.evaluation.report import evaluate
from recsys.fitting import Recipe
from recsys.model import Recommender
from recsys.scorers import scorer_of
from recsys.splits import Split
from training.gating.contenders import MAX_USERS, Contender, Contest
from training.gating.translation import TranslatedScorer


def contest_as_served(
    recipe: Recipe, production: Recommender, dataset: Dataset, newest: int, *, labels: tuple[str, str], min_users: int
) -> Contest | str:
    """Return the contest, or in one sentence why it cannot be held.

    Parameters
    ----------
    recipe
        The candidate's.
    production
        As it is registered.
    dataset
        The candidate's data.
    newest
        Time of Production's newest rating, Unix time.
    labels
        Of candidate and Production.
    """
    times = dataset.timestamps
    new = times > newest
    n_users = len(np.unique(dataset.user_indices[new]))
    if n_users < min_users:
        return f"{n_users} users have ratings newer than Production's data, at least {min_users} are wanted"
    # The lower of the two middle times, so that something lies after it unless all have the same.
    cut = np.sort(times[new])[(np.count_nonzero(new) - 1) // 2]
    parts = Split(train=dataset.part(times <= cut), holdout=dataset.part(times > cut))
    n_judged = len(np.unique(parts.holdout.user_indices))
    if n_judged < min_users:
        return f"{n_judged} users have ratings after the cut in the new ones, at least {min_users} are wanted"
    ours = evaluate(scorer_of(recipe.recommender(parts.train)), parts, max_users=MAX_USERS)
    theirs = evaluate(
        TranslatedScorer(scorer_of(production), production.catalog, dataset.catalog), parts, max_users=MAX_USERS
    )
    sides = [Contender.of(label, done, dataset) for label, done in zip(labels, (ours, theirs), strict=True)]
    share = np.count_nonzero(times[new] > cut)
    return Contest(sides[0], sides[1], how=f"the {share:,} newest ratings of {n_judged} users, which neither has seen")
