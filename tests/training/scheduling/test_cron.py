from datetime import UTC, datetime

import pytest

from recsys.errors import ParameterError
from training.scheduling.cron import parse_cron

TUESDAY = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def firings(text: str, n: int = 1) -> list[str]:
    trigger, found = parse_cron(text, UTC), []
    moment, last = TUESDAY, None
    for _ in range(n):
        last = trigger.get_next_fire_time(last, moment)
        found.append(f"{last:%a %Y-%m-%d %H:%M}")
        moment = last.replace(second=1)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 2 * * 0", "Sun 2026-11-29 02:00"),
        ("0 2 * * 7", "Sun 2026-11-29 02:00"),
        ("0 2 * * sun", "Sun 2026-11-29 02:00"),
        ("0 2 * * 1", "Mon 2026-11-30 02:00"),
        ("0 2 * * SUNDAY", "Sun 2026-11-29 02:00"),
        ("*/5 * * * *", "Tue 2026-11-24 12:00"),
        ("1 * * * *", "Tue 2026-11-24 12:01"),
        ("0 3 1 jan *", "Fri 2027-01-01 03:00"),
        ("0 0 29 2 *", "Tue 2028-02-29 00:00"),
    ],
)
def test_parse_cron_next_firing(text, expected):
    assert firings(text) == [expected]


def test_parse_cron_range_of_weekdays():
    days = [moment[:3] for moment in firings("0 0 * * 1-5", 6)]
    assert days == ["Wed", "Thu", "Fri", "Mon", "Tue", "Wed"]
    assert [moment[:3] for moment in firings("0 0 * * fri-sun", 4)] == ["Fri", "Sat", "Sun", "Fri"]
    assert [moment[:3] for moment in firings("0 0 * * */2", 4)] == ["Thu", "Sat", "Sun", "Tue"]


def test_parse_cron_day_of_month_and_weekday_means_either():
    assert firings("0 0 27 * 3", 3) == ["Wed 2026-11-25 00:00", "Fri 2026-11-27 00:00", "Wed 2026-12-02 00:00"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has 0 fields"),
        ("0 2 * *", "has 4 fields"),
        ("0 2 * * 0 2026", "has 6 fields"),
        ("60 2 * * 0", "'60'"),
        ("0 24 * * 0", "'24'"),
        ("0 2 * * 8", "'8' is neither 0-7 nor a name"),
        ("0 2 * * someday", "'someday' is neither"),
        ("0 2 * * 5-2", "'5-2' is no day, range or step"),
        ("0 2 * * */0", "no day, range or step"),
        ("a b c d e", "is no cron expression"),
        ("0 0 31 2 *", "never comes"),
        ("@weekly", "has 1 fields"),
    ],
)
def test_parse_cron_bad_expression_says_what_is_wrong(text, message):
    with pytest.raises(ParameterError, match=r"cron|never") as caught:
        parse_cron(text)
    assert message in str(caught.value)
