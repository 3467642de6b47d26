"""What an admin token has to be like: guesses are slowed down, but what everybody tries first is found all the same."""

from itertools import pairwise

MIN_CHARACTERS = 8

LONG = 16
"""Nobody tries tokens of so many characters in a row."""

MIN_DIFFERENT = 5
"""Of a shorter one."""

FIRST_GUESSES = {
    *("password", "passw0rd", "p@ssword", "p@ssw0rd", "changeme", "change-me", "change_me", "changeit", "letmein"),
    *("iloveyou", "qwerty", "qwertyui", "qwertyuiop", "trustno", "1234567890", "0123456789", "0987654321", "1q2w3e4r"),
}
"""What leads the lists of passwords; also with digits or exclamation marks behind it."""


def token_problem(token: str) -> str:
    """Return what is wrong with an admin token, without the token and with a way to a right one; else nothing."""
    if len(token) < MIN_CHARACTERS or not (token.isascii() and token.isprintable()) or " " in token:
        why = f"a token has at least {MIN_CHARACTERS} characters of ASCII and no blanks"
    elif len(token) >= LONG:
        return ""
    elif len(set(token)) < MIN_DIFFERENT:
        why = f"a token of fewer than {LONG} characters has at least {MIN_DIFFERENT} different ones"
    elif _is_row(token) or {token.lower(), token.lower().rstrip("0123456789!")} & FIRST_GUESSES:
        why = "a token is none that everybody tries first"
    else:
        return ""
    return f"{why}; openssl rand -hex 24 makes one"


def _is_row(token: str) -> bool:
    """Return whether all characters stand beside the one before them, as those of 12345678."""
    steps = {ord(after) - ord(before) for before, after in pairwise(token)}
    return steps <= {0, 1} or steps <= {0, -1}
