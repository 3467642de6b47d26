from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from recsys.errors import ParameterError
from training.scheduling.cron import parse_cron

TUESDAY = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def firings(text: str, n: int = 1) -> list[str]:
    cron, found, moment = parse_cron(text, UTC), [], TUESDAY
    for _ in range(n):
        moment = cron.next_after(moment)
        found.append(f"{moment:%a %Y-%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 2 * * 0", "Sun 2026-11-29 02:00"),
        ("0 2 * * 7", "Sun 2026-11-29 02:00"),
        ("0 2 * * sun", "Sun 2026-11-29 02:00"),
        ("0 2 * * 1", "Mon 2026-11-30 02:00"),
        ("0 2 * * SUN", "Sun 2026-11-29 02:00"),
        ("*/5 * * * *", "Tue 2026-11-24 12:05"),
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
    assert [moment[:3] for moment in firings("0 0 * * 5-7", 4)] == ["Fri", "Sat", "Sun", "Fri"]
    assert [moment[:3] for moment in firings("0 0 * * */2", 4)] == ["Thu", "Sat", "Sun", "Tue"]


def test_parse_cron_day_of_month_and_weekday_means_either():
    assert firings("0 0 27 * 3", 3) == ["Wed 2026-11-25 00:00", "Fri 2026-11-27 00:00", "Wed 2026-12-02 00:00"]


def test_parse_cron_field_that_begins_with_a_star_wants_both():
    assert firings("0 0 13 * */2", 2) == ["Sun 2026-12-13 00:00", "Sat 2027-02-13 00:00"]
    assert firings("0 0 */2 * 1", 2) == ["Mon 2026-12-07 00:00", "Mon 2026-12-21 00:00"]


def test_parse_cron_hour_that_summer_time_skips_is_made_up_for():
    cron = parse_cron("30 2 * * *", ZoneInfo("Europe/Berlin"))
    night = datetime(2027, 3, 27, 12, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    assert f"{cron.next_after(night):%m-%d %H:%M %Z}" == "03-28 03:00 CEST"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has 0 fields"),
        ("0 2 * *", "has 4 fields"),
        ("0 2 * * 0 2026", "has 6 fields"),
        ("60 2 * * 0", "bad minute"),
        ("0 24 * * 0", "bad hour"),
        ("0 2 * * 8", "bad day-of-week"),
        ("0 2 * * someday", "bad day-of-week"),
        ("0 2 * * 5-2", "bad day-of-week"),
        ("0 2 * * */0", "bad day-of-week"),
        ("a b c d e", "is not a cron expression"),
        ("0 0 31 2 *", "bad day-of-month"),
        ("@weekly", "has 1 fields"),
    ],
)
def test_parse_cron_bad_expression_says_what_is_wrong(text, message):
    with pytest.raises(ParameterError, match=r"cron|never") as caught:
        parse_cron(text)
    assert message in str(caught.value)
