"""When and how long: pure functions."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from ncrsh_swarm import RetryPolicy
from ncrsh_swarm._retry import may_repeat, retry_after_seconds


def test_waits_grow_with_full_jitter_up_to_a_bound() -> None:
    policy = RetryPolicy(attempts_max=9, first_wait_seconds=1, wait_seconds_max=10)
    assert [policy.wait(n, None, 0.5) for n in range(1, 7)] == [0.5, 1, 2, 4, 5, 5]
    assert policy.wait(1, None, 0.0) == 0
    assert policy.wait(9, None, 0.5) is None


def test_never_waits_less_than_the_node_asks_for() -> None:
    policy = RetryPolicy(first_wait_seconds=1, wait_seconds_max=10)
    assert policy.wait(1, 7, 0.0) == 7
    assert policy.wait(1, 7, 0.5) == 7.5
    assert policy.wait(1, 11, 0.5) is None


@pytest.mark.parametrize(
    ("method", "status", "committed", "key", "expected"),
    [
        ("GET", 503, None, False, True),
        ("GET", 500, None, False, False),
        ("POST", 429, None, False, True),
        ("POST", 503, None, False, False),
        ("POST", 503, "unknown", False, False),
        ("POST", 503, "no", False, True),
        ("POST", 503, "unknown", True, True),
        ("PUT", 503, "unknown", False, True),
        ("POST", 409, "no", True, False),
    ],
)
def test_repeats_only_what_cannot_be_done_twice(
    method: str, status: int, committed: str | None, key: bool, expected: bool
) -> None:
    assert may_repeat(method, status, {"committed": committed}, has_key=key) is expected


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7),
        (" 0 ", 0),
        ("Wed, 21 Oct 2026 07:28:30 GMT", 30),
        ("Wed, 21 Oct 2026 07:27:00 GMT", 0),
        ("soon", None),
        ("-1", None),
    ],
)
def test_reads_retry_after(header: str | None, seconds: float | None) -> None:
    now = datetime(2026, 10, 21, 7, 28, tzinfo=timezone.utc)
    assert retry_after_seconds(header, now) == seconds
