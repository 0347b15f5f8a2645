"""Since when a state holds, what has recovered, and the marks of short faults, with facts of our own."""

import copy

import pytest
from playwright.sync_api import expect

from scripted import Facts, opened

UPTIME = 1000
# Half past noon, by the clock of wherever the browser is.
NOON = 1_800_000_000.0


@pytest.fixture
def facts(gateway):
    facts = Facts(gateway.admin)
    facts.overview |= {"uptime_seconds": UPTIME + 0.5, "time_unix_seconds": NOON + 0.5, "window_seconds": 300}
    steps = len(facts.overview["series"]["ok"])
    facts.overview["series"] |= {"step_seconds": 5, "end_uptime_seconds": UPTIME, "ok": [0] * steps}
    return facts


def fault(start, end, worst):
    return {"start_uptime_seconds": start, "end_uptime_seconds": end, "worst": worst}


def with_faults(of, state, since, recovered, *faults, cut=0):
    of |= {"state": state, "state_since_seconds": since, "recovered_seconds_ago": recovered}
    of |= {"faults": list(faults), "faults_left_out": cut}


def clock(page, uptime):
    """The time of day as the page writes it."""
    return page.evaluate("async (unix) => (await import('/page/words.js')).time(unix)", NOON - UPTIME + uptime)


def test_a_fault_that_is_over_says_so_and_leaves_a_mark_with_its_time(browser, gateway, facts):
    upstream = facts.overview["upstreams"][0]
    with_faults(upstream, "degraded", 55, 40, fault(915, 960, "failing"))
    with opened(browser, gateway, facts) as page:
        row = page.locator("#upstreams .upstream")
        expect(row.locator(".pill")).to_have_text("! degraded")
        expect(row.locator(".since")).to_have_text("for 55\u00a0s")
        expect(row.locator(".recovered")).to_have_text("recovered 40\u00a0s ago")
        expect(row.locator(".fault-times")).to_have_text(f"failing {clock(page, 915)}, 45\u00a0s")
        mark = row.locator(".chart .fault-bad .wash")
        expect(mark).to_have_count(1)
        chart = row.locator(".chart").bounding_box()
        box = mark.bounding_box()
        # The window began at 700: from 215 of its 300 seconds to 260.
        assert box["x"] - chart["x"] == pytest.approx(chart["width"] * 215 / 300, abs=1)
        assert box["width"] == pytest.approx(chart["width"] * 45 / 300, abs=1)
        expect(row.get_by_role("img").filter(has_text="failing")).to_have_accessible_name(
            f"attempts over time, successes below, failures on top; failing {clock(page, 915)}, 45\u00a0s"
        )


def test_a_fault_of_a_second_can_be_seen_in_a_quarter_of_an_hour(browser, gateway, facts):
    facts.overview["series"]["step_seconds"] = 15
    upstream = facts.overview["upstreams"][0]
    with_faults(upstream, "healthy", 999, 399, fault(600, 601, "degraded"))
    with opened(browser, gateway, facts) as page:
        row = page.locator("#upstreams .upstream")
        expect(row.locator(".pill")).to_have_text("✓ healthy")
        expect(row.locator(".since")).to_have_text("for 16\u00a0min 39\u00a0s")
        expect(row.locator(".fault-times")).to_have_text(f"degraded {clock(page, 600)}, 1\u00a0s")
        assert row.locator(".chart .fault-warn .wash").bounding_box()["width"] >= 0.8


def test_what_is_not_over_and_what_is_left_out_is_said(browser, gateway, facts):
    upstream = facts.overview["upstreams"][0]
    faults = [fault(710 + 20 * n, 715 + 20 * n, "degraded") for n in range(4)]
    with_faults(upstream, "failing", 9, None, *faults, fault(990, None, "failing"), cut=3)
    with opened(browser, gateway, facts) as page:
        row = page.locator("#upstreams .upstream")
        expect(row.locator(".recovered")).to_have_count(0)
        expect(row.locator(".fault-times")).to_have_text(
            f"failing {clock(page, 990)}, not over · degraded {clock(page, 770)}, 5\u00a0s · 6 more"
        )
        expect(row.locator(".chart .fault")).to_have_count(5)


def test_callers_and_answers_have_them_too(browser, gateway, facts):
    with_faults(facts.overview["calls"]["window"], "fine", 20, 100, fault(890, 900, "hurt"))
    counts = copy.deepcopy(facts.overview["answers"])
    profile = {"name": "orders", "suspicions": [], **counts}
    with_faults(profile, "healthy", 100, 80, fault(910, 920, "suspect"))
    facts.overview["profiles"] = [profile]
    with opened(browser, gateway, facts) as page:
        calls = page.locator(".tile").filter(has_text="running")
        expect(calls.locator(".fault-times")).to_have_text(f"hurt {clock(page, 890)}, 10\u00a0s")
        expect(calls.locator(".fault-bad")).to_have_count(1)
        row = page.locator("#answers .profile-line")
        expect(row.locator(".recovered")).to_have_text("recovered 1\u00a0min 20\u00a0s ago")
        expect(row.locator(".fault-times")).to_have_text(f"suspect {clock(page, 910)}, 10\u00a0s")


def test_what_is_slow_says_so_beside_its_norm(browser, gateway, facts):
    upstream = facts.overview["upstreams"][0]
    with_faults(upstream, "slow", 30, None, fault(970, None, "slow"))
    upstream |= {"typical_seconds": 4.2, "norm_seconds": 0.21}
    with opened(browser, gateway, facts) as page:
        row = page.locator("#upstreams .upstream")
        expect(row.locator(".pill.warn")).to_have_text("! slow")
        expect(row.locator(".slowness")).to_have_text("4.2\u00a0s, normally 210\u00a0ms")
        expect(row.locator(".chart .fault-warn")).to_have_count(1)


def test_an_upstream_that_is_waited_for_has_no_time(browser, gateway, facts):
    with_faults(facts.overview["upstreams"][0], "waiting", None, None)
    with opened(browser, gateway, facts) as page:
        row = page.locator("#upstreams .upstream")
        expect(row.locator(".pill")).to_have_text("· waiting")
        expect(row.locator(".since")).to_have_count(0)
