import pytest

from serving.worker.misspelled import MisspelledSearch, spellings_near

TITLES = ["star wars", "the godfather", "godfather part ii", "gone with the wind", "the wild bunch", "alien"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("godfater", [1, 2], id="letter_missing"),
        pytest.param("goddfather", [1, 2], id="letter_too_many"),
        pytest.param("godfathwr", [1, 2], id="letter_wrong"),
        pytest.param("gofdather", [1, 2], id="letters_swapped"),
        pytest.param("the godfater", [1], id="other_words_are_exact"),
        pytest.param("godfater par", [2], id="last_word_only_begun"),
        pytest.param("gdofat", [1, 2], id="misspelled_and_only_begun"),
        pytest.param("strr wars", [0], id="first_word"),
        pytest.param("gdofahter", [], id="two_errors"),
        pytest.param("godfater warz", [], id="an_error_in_each_word"),
        pytest.param("alx", [], id="too_short"),
        pytest.param("x" * 200, [], id="no_word"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_search_forgives_one_error(query: str, expected: list[int]) -> None:
    assert MisspelledSearch(TITLES).search(query) == expected


def test_spellings_near_are_all_of_one_error() -> None:
    found = set(spellings_near("ab", "ab"))
    assert found == {"b", "a", "ba", "aab", "bab", "bb", "ab", "aba", "abb", "aa"}
