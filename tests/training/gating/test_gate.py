"""The gate as a pure function: contests, floor and verdict by constructed cases."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from builders import make_catalog

from recsys.evaluation.bootstrap import Interval
from training.gating.contenders import Contender, Contest
from training.gating.contest_checks import Trials
from training.gating.gate import Evidence, judge
from training.gating.new_ratings import NewRatings
from training.gating.params import GateParams
from training.gating.picture import gate_picture
from training.gating.records import Reached, Recorded
from training.gating.sides import Side
from training.gating.verdict import Check, Verdict

N_USERS = 400
RNG = np.random.default_rng(7)
BASE = RNG.uniform(0, 0.8, N_USERS)
NOISE = RNG.normal(0, 0.05, N_USERS)
NOW = datetime(2026, 11, 25, tzinfo=UTC)
CATALOG = make_catalog([(number, f"Movie {number}", 2000, "Drama") for number in range(1, 6)])
SIDE = Side("ml-100k", 900, 100_000, CATALOG, np.arange(5))


def contender(ndcg: np.ndarray, coverage: float = 0.2, first_user: int = 1) -> Contender:
    return Contender("version 1 (ease)", np.arange(first_user, first_user + len(ndcg)), ndcg, coverage)


def contest(change: np.ndarray | float, how: str = "") -> Contest:
    return Contest(contender(BASE + change), contender(BASE), how)


def trials(of_recipes: Contest | str, **fields: object) -> Trials:
    given = {"same_recipe": False, "as_served": "nobody has new ratings", "candidate": contender(BASE), **fields}
    return Trials(of_recipes=of_recipes, **given)  # type: ignore[arg-type]


def verdict_of(held: Trials | None, params: GateParams | None = None, **fields: object) -> Verdict:
    evidence = Evidence(SIDE, SIDE, trials=held, **fields)  # type: ignore[arg-type]
    return judge(evidence, params or GateParams(), NOW)


def check_of(verdict: Verdict, name: str) -> Check:
    (found,) = [check for check in verdict.checks if check.name == name]
    return found


@pytest.mark.parametrize(
    ("change", "promoted"),
    [
        pytest.param(NOISE - NOISE.mean() + 0.03, True, id="better"),
        pytest.param(NOISE - NOISE.mean() - 0.03, False, id="worse"),
        pytest.param(0.0, True, id="equal"),
        pytest.param(-0.0019, True, id="worse_within_the_tolerance"),
        pytest.param(-0.0021, False, id="worse_beyond_the_tolerance"),
        pytest.param(NOISE - NOISE.mean(), False, id="equal_on_average_but_uncertain"),
    ],
)
def test_judge_other_recipe_has_to_be_shown_not_worse(change, promoted):
    verdict = verdict_of(trials(contest(change)))
    assert verdict.promote is promoted
    assert "nDCG@10" in verdict.reasons[0]
    assert verdict.interval.n_users == N_USERS
    assert verdict.numbers["difference_mean"] == pytest.approx(np.mean(change + np.zeros(N_USERS)))


@pytest.mark.parametrize(
    ("change", "promoted"),
    [
        pytest.param(NOISE - NOISE.mean(), True, id="equal_on_average_but_uncertain"),
        pytest.param(NOISE - NOISE.mean() - 0.03, False, id="worse"),
    ],
)
def test_judge_same_recipe_as_served_is_refused_only_when_shown_worse(change, promoted):
    verdict = verdict_of(trials("", same_recipe=True, as_served=contest(change, "new ratings")))
    assert verdict.promote is promoted
    assert "as served, on new ratings" in verdict.reasons[0]
    assert check_of(verdict, "contest_of_recipes").status == "not checked"


def test_judge_contest_as_served_stands_for_recipes_that_cannot_be_compared():
    verdict = verdict_of(trials("no method is called 'als'", as_served=contest(0.01, "new ratings")))
    assert verdict.promote
    assert "stands for it" in check_of(verdict, "contest_of_recipes").sentence


def test_judge_wider_tolerance_lets_pass():
    assert not verdict_of(trials(contest(-0.01))).promote
    assert verdict_of(trials(contest(-0.01)), GateParams(tolerance=0.02)).promote


def test_judge_same_contest_twice_is_the_same_verdict():
    first, second = (verdict_of(trials(contest(NOISE))) for _ in range(2))
    assert (first.reasons, first.numbers) == (second.reasons, second.numbers)


def test_judge_first_version_passes_without_comparison():
    verdict = judge(Evidence(SIDE, "there is no Production"), GateParams(), NOW)
    assert verdict.promote
    assert verdict.interval is None
    assert "no Production" in verdict.sentence


@pytest.mark.parametrize("held", [trials(contest(0.1)), None], ids=["against_production", "first"])
def test_judge_candidate_that_does_not_answer_is_refused(held):
    verdict = verdict_of(held, smoke_problem="it gives no list")
    assert not verdict.promote
    assert verdict.checks[0].name == "smoke"
    assert "cannot be served: it gives no list" in verdict.sentence


def test_judge_coverage_collapse_is_refused_though_better():
    collapsed = Contest(contender(BASE + 0.1, coverage=0.01), contender(BASE, coverage=0.2))
    verdict = verdict_of(trials(collapsed))
    assert [check.name for check in verdict.failed] == ["coverage"]
    assert "its lists cover 1.0% of the catalog, Production's 20.0%: coverage collapses" in verdict.sentence


def test_judge_several_failures_are_all_told_in_order():
    worse = Contest(contender(BASE - 0.1, 0.01), contender(BASE, 0.2))
    smaller = replace(SIDE, n_ratings=10)
    verdict = judge(Evidence(smaller, SIDE, smoke_problem="x", trials=trials(worse)), GateParams(), NOW)
    assert [check.name for check in verdict.failed] == ["smoke", "ratings", "contest_of_recipes", "coverage"]


@pytest.mark.parametrize("n_users", [1, 2, 29])
def test_judge_tiny_holdout_is_refused_as_undecidable(n_users):
    small = Contest(contender(BASE[:n_users] + 0.1), contender(BASE[:n_users]))
    verdict = verdict_of(trials(small, candidate=contender(BASE[:n_users])))
    assert not verdict.promote
    assert f"{n_users} holdout users are too few" in verdict.sentence


def test_judge_no_user_at_all_is_refused():
    assert not verdict_of(trials(Contest(contender(BASE[:0]), contender(BASE[:0])))).promote


def test_judge_different_users_are_never_compared():
    verdict = verdict_of(trials(Contest(contender(BASE + 0.5), contender(BASE, first_user=2))))
    assert (verdict.promote, verdict.interval) == (False, None)


@pytest.mark.parametrize(("n_known", "promoted"), [(10, True), (9, True), (8, False), (0, False)])
def test_judge_other_catalog_is_for_a_person(n_known, promoted):
    whole = make_catalog([(number, f"Movie {number}", 2000, "Drama") for number in range(1, 11)])
    other = make_catalog([(n, f"{'Movie' if n <= n_known else 'Film'} {n}", 2000, "Drama") for n in range(1, 11)])
    production = Side("ml-100k", 900, 1000, whole, np.arange(10))
    candidate = Side("ml-100k", 900, 1000, other, np.arange(10))
    verdict = judge(Evidence(candidate, production, trials=trials(contest(0.05))), GateParams(), NOW)
    assert verdict.promote is promoted
    assert promoted or "another catalog" in verdict.sentence


def test_judge_lost_genres_are_refused():
    plain = make_catalog([(number, f"Movie {number}", 2000, "") for number in range(1, 6)])
    candidate = Side("ml-100k", 900, 100_000, plain, np.arange(5))
    verdict = judge(Evidence(candidate, SIDE, trials=trials(contest(0.05))), GateParams(), NOW)
    assert [check.name for check in verdict.failed] == ["genres_kept"]


def test_judge_data_of_another_name_without_a_common_rating_are_for_a_person():
    candidate = replace(SIDE, name="sample")
    verdict = judge(Evidence(candidate, SIDE, trials=trials(contest(0.05))), GateParams(), NOW)
    assert verdict.failed[0].sentence.startswith("it was trained on sample, Production on ml-100k")


@pytest.mark.parametrize(
    ("names", "status"),
    [
        pytest.param(("ml-1m", "ml-100k"), "refused", id="another"),
        pytest.param(("ml-100k", "ml-100k"), "passed", id="same"),
        pytest.param(("ml-1m", ""), "not checked", id="unknown"),
    ],
)
def test_judge_names_of_the_data_are_compared_by_tags_where_files_cannot_be_read(names, status):
    evidence = Evidence(SIDE, "the files of version 1 cannot be read", names=names)
    assert check_of(judge(evidence, GateParams(), NOW), "dataset_name").status == status


def test_judge_production_that_cannot_be_compared_stays():
    verdict = verdict_of(trials("no method is called 'als'"))
    assert not verdict.promote
    assert "Production cannot be compared: no method is called 'als'" in verdict.sentence


def test_judge_removed_alias_is_not_set_again():
    assert not judge(Evidence(SIDE, "nothing is served", withdrawn=True), GateParams(), NOW).promote


@pytest.mark.parametrize(("upper", "promoted"), [(0.52, True), (0.499, True), (0.4979, False), (0.14, False)])
def test_judge_floor_same_recipe_has_to_reach_what_is_on_record(upper, promoted):
    ours, theirs = Reached(upper - 0.01, upper - 0.02, upper, 0.2), Reached(0.5, 0.48, 0.52, 0.2)
    verdict = verdict_of(trials("", same_recipe=True, recorded=Recorded(ours, theirs, "the random split")))
    assert verdict.promote is promoted
    assert check_of(verdict, "floor").threshold == pytest.approx(0.498)
    assert "on the random split, where Production has 0.5000 on record" in verdict.sentence


@pytest.mark.parametrize(("shortfall", "status"), [("", "refused"), ("IT DOES NOT BEAT POPULARITY", "warning")])
def test_judge_worse_than_popularity_is_refused_where_production_was_not(shortfall, status):
    verdict = verdict_of(trials(contest(0.0), popularity=contender(BASE + 0.1), production_shortfall=shortfall))
    assert check_of(verdict, "beats_popularity").status == status
    assert verdict.promote is (status == "warning")


@pytest.mark.parametrize("shortfall", ["", "IT DOES NOT BEAT POPULARITY"])
def test_judge_better_than_popularity_passes_whatever_production_was(shortfall):
    verdict = verdict_of(trials(contest(0.0), popularity=contender(BASE - 0.1), production_shortfall=shortfall))
    assert check_of(verdict, "beats_popularity").status == "passed"


def interval(mean: float) -> Interval:
    return Interval(mean, mean - 0.02, mean + 0.02, 0.95, 100, 1000)


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        ({}, []),
        ({"stars_shift": 0.6}, ["new_stars"]),
        ({"popularity": 0.1}, ["new_popularity"]),
        ({"copied_users": 0.3}, ["new_copied_users"]),
        ({"ndcg": interval(0.2)}, ["new_ndcg"]),
        ({"ndcg": interval(0.23)}, []),  # the upper end is 0.25, of 0.4 usual
        ({"ndcg": interval(0.2), "usual_ndcg": interval(0.0)}, []),
        ({"gain": interval(0.01)}, ["new_gain"]),
        ({"gain": interval(0.01), "usual_gain": interval(0.01)}, []),
    ],
)
def test_judge_new_ratings_of_another_kind_are_refused(change, failed):
    usual = NewRatings(3000, 60, 0.02, 0.9, 0.0, interval(0.4), interval(0.2), interval(0.4), interval(0.3))
    verdict = verdict_of(trials(contest(0.0), new_ratings=replace(usual, **change)))
    assert [check.name for check in verdict.failed] == failed


def test_judge_every_threshold_can_be_switched_off_and_says_so():
    params = GateParams(**{name: "off" for name in GateParams.model_fields if name.startswith(("min_co", "max_new"))})
    collapsed = Contest(contender(BASE, coverage=0.01), contender(BASE, coverage=0.2))
    verdict = verdict_of(trials(collapsed), params)
    assert verdict.promote
    assert check_of(verdict, "coverage").status == "switched off"


def test_verdict_is_told_as_table_markdown_and_json():
    verdict = verdict_of(trials(contest(-0.1)))
    table = verdict.table()
    assert table["name"] == [check.name for check in verdict.checks]
    assert [name for name, status in zip(table["name"], table["status"], strict=True) if status == "refused"] == [
        "contest_of_recipes"
    ]
    markdown = verdict.markdown()
    assert markdown.startswith("**refused**: nDCG@10 -0.1000")
    assert f"| contest_of_recipes | refused | {verdict.interval.lower:.4g} | -0.002 |" in markdown
    told = verdict.as_json()
    assert told["promote"] is False
    assert {check["name"]: check["passed"] for check in told["checks"]}["contest_of_recipes"] is False


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(trials(contest(NOISE - NOISE.mean() + 0.03)), id="passes"),
        pytest.param(trials(contest(NOISE - 0.05)), id="refused"),
        pytest.param(trials("", same_recipe=True, as_served=contest(NOISE, "new ratings")), id="as_served"),
        pytest.param(trials(contest(0.0)), id="equal"),
        pytest.param(None, id="first"),
    ],
)
def test_gate_picture_every_verdict_can_be_drawn(case, tmp_path):
    gate_picture(verdict_of(case), "version 2 (ease)").savefig(tmp_path / "gate.png")
    assert (tmp_path / "gate.png").stat().st_size > 10_000
