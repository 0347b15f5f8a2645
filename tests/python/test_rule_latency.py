"""When a latency is slow: a multiple of its norm, above a floor, where enough happens; and what it makes of the past."""

import pytest
from test_rule_edges import firing, promtool, series

HOUR = 60
DAY = 24 * HOUR
HEALTHY = 180
BUSY = 600
# The figures of the rules, once more.
FACTOR, LEAST, FLOOR = 3, 0.25, 0.1
FOR, LINGERS, WINDOW = 5, 5, 5

UPSTREAM = "http_client_request_duration_seconds", {"upstream": "u", "kind": "initial"}
PROFILE = "tidegate_call_duration_seconds", {"profile": "p", "cache": "miss"}
ALERTS = [("UpstreamSlow", UPSTREAM), ("ProfileSlow", PROFILE)]


def took(job, histogram, phases, step=1):
    """A histogram whose median is what each phase says: (how many a minute, seconds, minutes)."""
    metric, labels = histogram
    bounds = sorted({round(seconds * edge, 6) for _, seconds, _ in phases for edge in (0.99, 1.01)})

    def counter(name, more, within):
        parts = [(total * step if within(seconds) else 0, minutes // step) for total, seconds, minutes in phases]
        return series(job, (f"{metric}_{name}", {**labels, **more}), parts)

    buckets = [counter("bucket", {"le": str(bound)}, lambda s, b=bound: round(s * 1.01, 6) <= b) for bound in bounds]
    return [*buckets, counter("bucket", {"le": "+Inf"}, lambda _: True), counter("count", {}, lambda _: True)]


def slowed(job, alert, histogram, *, norm=1.0, slow, total=BUSY, expected):
    """Whether an alert fires when a latency has been slow for long enough."""
    inputs = took(job, histogram, [(total, norm, HEALTHY), (total, slow, 34)])
    return inputs, [firing(job, alert, HEALTHY + WINDOW + FOR + 3, expected)]


@pytest.mark.parametrize("alert, histogram", ALERTS, ids=[name for name, _ in ALERTS])
def test_a_latency_is_slow_from_a_multiple_of_its_norm_on(alert, histogram, tmp_path):
    def case(job, **how):
        return slowed(job, alert, histogram, **how)

    promtool(
        tmp_path,
        [
            case("below", slow=FACTOR * 0.95, expected=False),
            case("above", slow=FACTOR * 1.05, expected=True),
            case("quick", norm=0.02, slow=LEAST * 0.95, expected=False),
            case("just-not-quick", norm=0.02, slow=LEAST * 1.05, expected=True),
            case("thin", slow=20, total=FLOOR * 60 * 0.9, expected=False),
            case("thick", slow=20, total=FLOOR * 60 * 1.1, expected=True),
        ],
    )


@pytest.mark.parametrize("alert, histogram", ALERTS, ids=[name for name, _ in ALERTS])
def test_it_is_told_in_time_and_clears(alert, histogram, tmp_path):
    inputs = took("t", histogram, [(BUSY, 1, HEALTHY), (BUSY, 20, 34), (BUSY, 1, 40)])
    # The median moves when half of the window is slow.
    begins, ends = HEALTHY + WINDOW / 2 + FOR, HEALTHY + 34 + WINDOW / 2 + LINGERS
    moments = [(begins - 1, False), (begins + 2, True), (ends - 1, True), (ends + 2, False)]
    promtool(tmp_path, [(inputs, [firing("t", alert, minute, expected) for minute, expected in moments])])


def history(tmp_path, phases, checks):
    """Hours and days of one upstream, in a sample each minute."""
    inputs = took("t", UPSTREAM, phases)
    asked = [firing("t", "UpstreamSlow", hour * HOUR, expected) for hour, expected in checks]
    promtool(tmp_path, [(inputs, asked)], evaluation="1m")


def test_slowness_that_lasts_is_told_for_days(tmp_path):
    history(tmp_path, [(60, 1, 2 * DAY), (60, 20, 2 * DAY)], [(47, False), (49, True), (60, True), (72, True), (95, True)])


def test_a_slow_day_does_not_hide_the_next(tmp_path):
    phases = [(60, 1, 3 * DAY), (60, 20, DAY), (60, 1, 12 * HOUR), (60, 8, 2 * HOUR)]
    history(tmp_path, phases, [(71, False), (80, True), (107, False), (109, True)])


def test_a_quiet_night_that_is_slow_is_no_norm_for_the_day(tmp_path):
    history(tmp_path, [(1, 20, 8 * HOUR), (60, 1, 2 * HOUR), (60, 5, HOUR)], [(9.9, False), (10.5, True)])


def test_times_without_traffic_leave_the_norm_alone(tmp_path):
    phases = [(60, 1, 2 * HOUR), (0, 1, 3 * HOUR), (60, 1, HOUR), (60, 5, HOUR)]
    history(tmp_path, phases, [(3, False), (5.9, False), (6.5, True)])


def test_what_was_always_slow_is_not_slow(tmp_path):
    history(tmp_path, [(60, 20, 3 * HOUR)], [(0.2, False), (0.5, False), (2.9, False)])
