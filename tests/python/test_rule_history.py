"""What alerts make of the past: norms, lasting faults, instances that come and go, and upstreams that are rarely asked."""

import pytest
from test_rule_edges import answers, attempts, beside, calls, firing, parts, promtool, series

HOUR = 60
DAY = 24 * HOUR
# Seconds.
SCRAPE = 15
EMPTY = parts(answers("valid_empty"), answers("valid"))
LEFT = parts(calls("cancelled"), calls("ok"))
FAILED = attempts(outcome="failure", error_type="server_error")
RETRIED = beside(attempts(kind="retry", outcome="success"), attempts(outcome="success"))


def told(kind, phases, step=1):
    """Counters of a share through phases of (what happens a minute, its share, minutes), in samples `step` minutes apart."""
    at = [(kind(total * step, share), minutes // step) for total, share, minutes in phases]
    counters = [counter for counter, _ in at[0][0]]
    return [
        series("tidegate", counter, [(pairs[place][1], samples) for pairs, samples in at])
        for place, counter in enumerate(counters)
    ]


def check(alert, hours, expected, severity=None):
    return [firing("tidegate", alert, hour * HOUR, expected, severity) for hour in hours]


def coarse(tmp_path, inputs, checks):
    """Days, looked at each five minutes: enough for windows of a quarter of an hour."""
    promtool(tmp_path, [(inputs, checks)], interval="5m", evaluation="2m")


def test_a_fault_that_lasts_is_told_until_somebody_has_had_a_day(tmp_path):
    inputs = told(EMPTY, [(60, 0.05, 3 * DAY), (60, 0.5, DAY)], step=5)
    coarse(tmp_path, inputs, check("AnswersEmpty", [71], False) + check("AnswersEmpty", [73, 78, 84, 95], True))


def test_a_quiet_night_with_empty_answers_is_no_norm_for_the_day(tmp_path):
    inputs = told(EMPTY, [(0.2, 1, 8 * HOUR), (60, 0, HOUR), (60, 0.85, 4 * HOUR)], step=5)
    coarse(tmp_path, inputs, check("AnswersEmpty", [8, 9], False) + check("AnswersEmpty", [10, 11, 12], True))


def test_what_is_always_so_is_no_news_in_the_morning(tmp_path):
    day = [(60, 0.6, 8 * HOUR), (0, 0, 16 * HOUR)]
    mornings = [day + minutes for day in (24, 48) for minutes in (0.3, 0.5, 1, 2)]
    coarse(tmp_path, told(EMPTY, day * 3, step=5), check("AnswersEmpty", mornings, False))


def test_a_slow_drift_is_told(tmp_path):
    drift = [(60, 0.05 * step, HOUR) for step in range(1, 14)]
    inputs = told(EMPTY, [(60, 0.05, 2 * DAY), *drift, (60, 0.65, 6 * HOUR)], step=5)
    coarse(tmp_path, inputs, check("AnswersEmpty", [47], False) + check("AnswersEmpty", [61, 64, 66], True))


def test_an_incident_does_not_hide_the_next(tmp_path):
    inputs = told(RETRIED, [(600, 0.01, 12 * HOUR), (600, 3, HOUR), (600, 0.01, 2 * HOUR), (600, 0.9, HOUR)])
    checks = check("RetrySpike", [11, 14.9], False) + check("RetrySpike", [12.5, 15.5, 15.9], True)
    promtool(tmp_path, [(inputs, checks)], evaluation="1m")


def test_an_outage_in_which_all_callers_leave_is_told_for_as_long_as_it_lasts(tmp_path):
    inputs = told(LEFT, [(60, 0.01, 6 * HOUR), (60, 1, 12 * HOUR)])
    checks = [
        line
        for severity in ("warning", "critical")
        for line in check("CallersLeaving", [5], False, severity) + check("CallersLeaving", [7, 12, 17], True, severity)
    ]
    promtool(tmp_path, [(inputs, checks)], evaluation="1m")


def instance(lives):
    """`up` and the start of an instance through lives of (seconds up, seconds down), scraped each fifteen seconds."""
    up, started, now, was_up = [], [], 0, False
    for alive, gone in lives:
        begun = now
        for now in range(begun, begun + alive + gone, SCRAPE):
            is_up = now < begun + alive
            up.append(str(int(is_up)))
            # What a target no longer tells is forgotten at once.
            started.append(str(1000 + begun) if is_up else "stale" if was_up else "_")
            was_up = is_up
        now += SCRAPE
    names = 'job="tidegate",instance="a:1"'
    return [
        f"      - {{series: 'up{{{names}}}', values: '{' '.join(up)}'}}",
        f"      - {{series: 'process_start_time_seconds{{{names}}}', values: '{' '.join(started)}'}}",
    ]


@pytest.mark.parametrize("alive, gone", [(40, 300), (90, 240), (200, 200), (280, 280), (60, 240), (10, 20)])
def test_a_crash_loop_is_told_however_long_its_pauses_are(alive, gone, tmp_path):
    inputs = instance([(alive, gone)] * (2 * 3600 // (alive + gone)))
    checks = check("Restarting", [0.75 + step / 8 for step in range(9)], True)
    promtool(tmp_path, [(inputs, checks)], interval="15s")


def test_a_deployment_that_is_tried_three_times_is_no_crash_loop(tmp_path):
    inputs = instance([(1200, 30), (240, 30), (240, 30), (1800, 0)])
    promtool(tmp_path, [(inputs, check("Restarting", [0.4, 0.5, 0.6, 0.9], False))], interval="15s")


def test_an_instance_that_is_hardly_ever_there_is_down(tmp_path):
    """One that can't be reached most of the time, and has not ended."""
    up, _ = instance([(60, 240)] * 12)
    promtool(tmp_path, [([up], check("InstanceDown", [0.4, 0.6, 0.9], True))], interval="15s")


def test_an_instance_that_is_back_for_good_is_not_down(tmp_path):
    up, _ = instance([(600, 1200), (3600, 0)])
    promtool(
        tmp_path,
        [([up], check("InstanceDown", [0.4, 0.52], True) + check("InstanceDown", [0.61, 0.7, 1.2], False))],
        interval="15s",
    )


def rarely(counter, minutes, hours):
    """One more each so many minutes."""
    values = " ".join(str(minute // minutes) for minute in range(hours * HOUR))
    return series("tidegate", counter, [(0, 1)]).replace("0 0.000000+0.000000x0", values)


def test_a_dead_key_is_told_of_an_upstream_that_is_rarely_asked(tmp_path):
    refused = attempts(outcome="failure", error_type="unauthorized")
    checks = check("UpstreamMisconfigured", [1, 1.4, 1.9, 2.3, 2.8], True)
    promtool(tmp_path, [([rarely(refused, 10, 3)], checks)])


def test_one_refusal_in_an_hour_is_nobodys_mistake(tmp_path):
    refused = attempts(outcome="failure", error_type="not_found")
    checks = check("UpstreamMisconfigured", [1.1, 1.3, 1.6, 1.9, 2.4], False)
    promtool(tmp_path, [([rarely(refused, 70, 3)], checks)])


@pytest.mark.parametrize(
    "beside_it", [attempts(outcome="cancelled"), attempts(outcome="failure", error_type="refused")]
)
def test_a_lone_failure_beside_what_tells_nothing_is_no_failing_upstream(beside_it, tmp_path):
    inputs = [rarely(FAILED, 4, 1), series("tidegate", beside_it, [(60, HOUR)])]
    promtool(tmp_path, [(inputs, check("UpstreamFailing", [0.3, 0.5, 0.9], False))])
