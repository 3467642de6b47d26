import pytest

from recsys.evaluation.floor import shortfall


@pytest.mark.parametrize("theirs", [0.098, "0.0980", 0.039])
def test_shortfall_below_or_level_says_both_numbers(theirs):
    sentence = shortfall({"ndcg_at_10": 0.039, "ndcg_at_10_popularity": theirs})
    assert sentence.startswith("IT DOES NOT BEAT POPULARITY: nDCG@10 is 0.0390")
    assert f"{float(theirs):.4f}" in sentence


@pytest.mark.parametrize("metrics", [{"ndcg_at_10": 0.11, "ndcg_at_10_popularity": 0.1}, {"ndcg_at_10": 0.1}, {}])
def test_shortfall_above_or_unknown_says_nothing(metrics):
    assert shortfall(metrics) == ""
