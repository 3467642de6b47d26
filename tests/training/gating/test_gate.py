"""The gate as a pure function, by constructed cases."""

import numpy as np
import pytest

from training.gating.gate import Contender, Contest, judge
from training.gating.params import GateParams
from training.gating.picture import gate_picture

N_USERS = 400
RNG = np.random.default_rng(7)
BASE = RNG.uniform(0, 0.8, N_USERS)
NOISE = RNG.normal(0, 0.05, N_USERS)


def side(ndcg: np.ndarray, coverage: float = 0.2, first_user: int = 1) -> Contender:
    return Contender("version 1 (ease)", np.arange(first_user, first_user + len(ndcg)), ndcg, coverage)


def contest(change: np.ndarray | float, **fields: object) -> Contest:
    return Contest(side(BASE + change), side(BASE), **fields)  # type: ignore[arg-type]


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
def test_judge_difference_decides(change, promoted):
    verdict = judge(contest(change), GateParams())
    assert verdict.promote is promoted
    assert "nDCG@10" in verdict.reasons[0]
    assert verdict.interval.n_users == N_USERS
    assert verdict.numbers["difference_mean"] == pytest.approx(np.mean(change + np.zeros(N_USERS)))


def test_judge_wider_tolerance_lets_pass():
    assert not judge(contest(-0.01), GateParams()).promote
    assert judge(contest(-0.01), GateParams(tolerance=0.02)).promote


def test_judge_same_contest_twice_is_the_same_verdict():
    first, second = (judge(contest(NOISE), GateParams()) for _ in range(2))
    assert (first.reasons, first.numbers) == (second.reasons, second.numbers)


def test_judge_first_version_passes_without_comparison():
    verdict = judge(Contest(side(BASE), None), GateParams())
    assert verdict.promote
    assert verdict.interval is None
    assert "no Production" in verdict.sentence


@pytest.mark.parametrize("production", [side(BASE), None], ids=["against_production", "first"])
def test_judge_candidate_that_does_not_answer_is_refused(production):
    verdict = judge(Contest(side(BASE + 0.1), production, smoke_problem="it gives no list"), GateParams())
    assert not verdict.promote
    assert "cannot be served: it gives no list" in verdict.sentence


def test_judge_coverage_collapse_is_refused_though_better():
    better = Contest(side(BASE + 0.1, coverage=0.01), side(BASE, coverage=0.2))
    verdict = judge(better, GateParams())
    assert not verdict.promote
    assert verdict.reasons == ("coverage collapses from 20.0% to 1.0% of the catalogue, below 25% of what it was",)


def test_judge_several_failures_are_all_told():
    verdict = judge(Contest(side(BASE - 0.1, 0.01), side(BASE, 0.2), smoke_problem="x", catalog_kept=0.5), GateParams())
    assert len(verdict.reasons) == 4


@pytest.mark.parametrize("n_users", [1, 2, 29])
def test_judge_tiny_dataset_is_refused_as_undecidable(n_users):
    verdict = judge(Contest(side(BASE[:n_users] + 0.1), side(BASE[:n_users])), GateParams())
    assert not verdict.promote
    assert f"{n_users} holdout users are too few" in verdict.sentence


def test_judge_no_user_at_all_is_refused():
    assert not judge(Contest(side(BASE[:0]), side(BASE[:0])), GateParams()).promote


def test_judge_different_users_are_never_compared():
    verdict = judge(Contest(side(BASE + 0.5), side(BASE, first_user=2)), GateParams())
    assert (verdict.promote, verdict.interval) == (False, None)


@pytest.mark.parametrize(("kept", "promoted"), [(1.0, True), (0.9, True), (0.89, False), (0.0, False)])
def test_judge_other_catalogue_is_for_a_person(kept, promoted):
    verdict = judge(contest(0.05, catalog_kept=kept), GateParams())
    assert verdict.promote is promoted
    assert promoted or "another catalogue" in verdict.sentence


def test_judge_production_that_cannot_be_compared_stays():
    verdict = judge(Contest(side(BASE), None, obstacle="no method is called 'als'"), GateParams())
    assert not verdict.promote
    assert "Production cannot be compared: no method is called 'als'" in verdict.sentence


def test_judge_removed_alias_is_not_set_again():
    assert not judge(Contest(side(BASE), None, withdrawn=True), GateParams()).promote


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            contest(NOISE - NOISE.mean() + 0.03, notes=("Production was trained on other data",)), id="passes"
        ),
        pytest.param(contest(NOISE - 0.05), id="refused"),
        pytest.param(contest(0.0), id="equal"),
        pytest.param(Contest(side(BASE), None), id="first"),
    ],
)
def test_gate_picture_every_verdict_can_be_drawn(case, tmp_path):
    gate_picture(judge(case, GateParams()), "version 2 (ease)").savefig(tmp_path / "gate.png")
    assert (tmp_path / "gate.png").stat().st_size > 10_000
