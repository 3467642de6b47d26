import secrets

import pytest

from recsys.admin_token import token_problem

GUESSED = ["aaaaaaaa", "12121212", "abcabcabcabc", "aaaaaaaab", "        a", "12345678", "123456789", "1234567890"]
GUESSED += ["87654321", "abcdefgh", "ABCDEFGHIJ", "11223344556", "password", "Password1", "PASSWORD!", "password123!"]
GUESSED += [
    "passw0rd",
    "P@ssw0rd",
    "changeme",
    "ChangeMe2026!",
    "change-me",
    "letmein1",
    "iloveyou",
    "qwertyuiop",
    "qwerty12",
]
SHORT = ["", "x", "sesame7", "ö" * 20, "two words of it", "tab\tinside-it", "null\0inside"]


@pytest.mark.parametrize("token", GUESSED + SHORT)
def test_token_that_is_short_or_guessed_first_is_told_so_without_it(token: str) -> None:
    problem = token_problem(token)
    assert problem.endswith("; openssl rand -hex 24 makes one")
    assert len(token) < 8 or token not in problem


@pytest.mark.parametrize(
    "token",
    ["open-sesame", "a-token-of-the-tests", "test-token", "80417263", "correct-horse", "x" * 9 + "1234", "x" * 16],
)
def test_token_that_is_not_guessed_first_is_right(token: str) -> None:
    assert token_problem(token) == ""


def test_tokens_that_are_drawn_are_right() -> None:
    for n_bytes in (8, 24, 32):
        assert {token_problem(secrets.token_hex(n_bytes)) for _ in range(200)} == {""}
