"""The sentence on top of the live page, for every state of things: the page's own module, with figures of ours."""

import pytest
from playwright.sync_api import sync_playwright

from conftest import CHROMIUM, Gateway, Simulator


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    upstream = Simulator()
    gateway = Gateway(upstream.base_url, tmp_path_factory.mktemp("headline"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        page = browser.new_page()
        page.goto(f"http://{gateway.admin}/")
        yield page
        browser.close()
    assert gateway.process.stop() == 0
    upstream.process.stop()


def calls(count=0, rated=None, failed=0, state="idle", gone=0, running=0, recovered=None):
    window = {"count": count, "rated": count - gone if rated is None else rated, "failed": failed, "state": state}
    window["recovered_seconds_ago"] = recovered
    return {"running": running, "window": window | {"by_verdict": {"cancelled": gone}}}


def upstream(name, state, success=0, failure=0):
    share = success / (success + failure) if success + failure else None
    outcomes = {"success": success, "failure": failure, "cancelled": 3}
    return {"name": name, "state": state, "window": {"by_outcome": outcomes, "success_share": share}}


def profile(name, *suspicions, empty=0.0, unusable=0.0, ungrounded=0.0):
    window = {"empty_share": empty, "unusable_share": unusable, "ungrounded_share": ungrounded}
    return {"name": name, "state": "suspect" if suspicions else "healthy", "suspicions": suspicions, "window": window}


GOOD = upstream("good", "healthy", 99, 1)
PLAIN = profile("plain", empty=0.1)

# Calls, upstreams, profiles, ready; then the tone and the sentence.
CASES = {
    "nothing happens": (calls(), [], [], True, "calm", "No calls in the last 5 min."),
    "one call waits": (
        calls(running=1), [upstream("slow", "waiting")], [], True,
        "calm", "1 call is waiting, and none has ended in the last 5 min.",
    ),
    "all calls wait": (
        calls(running=40), [upstream("slow", "waiting")], [], True,
        "calm", "40 calls are waiting, and none has ended in the last 5 min.",
    ),
    "all callers gave up": (
        calls(40, gone=40), [upstream("slow", "waiting")], [], True,
        "warn", "No call was served: 40 callers gave up waiting.",
    ),
    "the only caller gave up": (
        calls(1, gone=1), [upstream("slow", "waiting")], [], True,
        "calm", "No call was served: 1 caller gave up waiting.",
    ),
    "callers gave up and others wait": (
        calls(42, gone=40, rated=0, running=7), [upstream("slow", "waiting")], [], True,
        "warn",
        "No call was served: 40 callers gave up waiting; 2 calls failed by their caller's own doing; 7 calls are "
        "waiting.",
    ),
    "only nonsense came and others wait": (
        calls(2, 0, running=1), [upstream("slow", "waiting")], [], True,
        "calm", "No call could be served: all 2 failed by their caller's own doing; 1 call is waiting.",
    ),
    "a few callers gave up": (
        calls(100, gone=9, state="fine", running=3), [GOOD], [], True,
        "ok", "Callers are fine: every call that was waited for was served; 9 callers gave up waiting.",
    ),
    "a sizeable share gave up": (
        calls(105, rated=90, gone=10, state="fine"), [GOOD, upstream("bad", "degraded", 80, 20)], [], True,
        "warn",
        "Callers give up: every call that was waited for and could be was served; 10 callers gave up waiting; 5 calls "
        "failed by their caller's own doing. bad is degraded (80 % of attempts succeed).",
    ),
    "one of a few gave up": (
        calls(3, gone=1, state="fine"), [GOOD], [], True,
        "ok", "Callers are fine: every call that was waited for was served; 1 caller gave up waiting.",
    ),
    "many gave up and one is lost": (
        calls(1400, gone=400, failed=1, state="fine"), [GOOD], [], True,
        "warn", "Callers give up: 99.9 % of calls that were waited for were served; 400 callers gave up waiting.",
    ),
    "many gave up and many are lost": (
        calls(9, gone=4, failed=4, state="hurt"), [upstream("bad", "failing", 1, 9)], [], True,
        "bad",
        "Callers are hurt: 4 of 5 calls were not served; 4 callers gave up waiting. "
        "bad is failing (1 of 10 attempts succeeded).",
    ),
    "all is well": (calls(9, state="fine"), [GOOD], [PLAIN], True, "ok", "Callers are fine: every call was served."),
    "only nonsense came": (
        calls(10, 0), [GOOD], [PLAIN], True,
        "calm", "No call could be served: all 10 failed by their caller's own doing.",
    ),
    "one piece of nonsense came": (
        calls(1, 0), [GOOD], [], True,
        "calm", "No call could be served: the only one failed by its caller's own doing.",
    ),
    "nonsense among good calls": (
        calls(10, 7, 0, "fine"), [GOOD], [], True,
        "ok", "Callers are fine: every call that could be was served; 3 calls failed by their caller's own doing.",
    ),
    "one of many is lost": (
        calls(1000, 1000, 1, "fine"), [GOOD], [], True,
        "ok", "Callers are fine: 99.9 % of calls were served.",
    ),
    "one of a few is lost": (
        calls(10, 10, 1, "some_hurt"), [GOOD], [], True,
        "warn", "Some callers are hurt: 1 of 10 calls was not served.",
    ),
    "some are lost": (
        calls(200, 199, 6, "some_hurt"), [GOOD], [], True,
        "warn", "Some callers are hurt: 3 % of calls were not served; 1 call failed by its caller's own doing.",
    ),
    "many are lost": (
        calls(5, 5, 4, "hurt"), [upstream("bad", "failing", 1, 9)], [], True,
        "bad", "Callers are hurt: 4 of 5 calls were not served. bad is failing (1 of 10 attempts succeeded).",
    ),
    "retries mend it": (
        calls(300, state="fine"), [GOOD, upstream("bad", "degraded", 80, 20)], [], True,
        "ok",
        "Callers are fine: every call was served. bad is degraded (80 % of attempts succeed); retries and the cache "
        "make up for it.",
    ),
    "an upstream fails and nobody calls": (
        calls(), [upstream("bad", "failing")], [], True,
        "warn", "No calls in the last 5 min. bad is failing.",
    ),
    "answers are empty and nothing fails": (
        calls(90, state="fine"), [GOOD], [PLAIN, profile("orders", "empty", empty=0.62)], True,
        "warn",
        "Callers are fine: every call was served. Look at the answers: for orders 62 % found nothing.",
    ),
    "answers are bad in several ways": (
        calls(90, state="hurt", failed=30), [GOOD],
        [profile("a", "unusable", "ungrounded", unusable=0.5, ungrounded=0.2), profile("b", "empty", empty=1.0)], True,
        "bad",
        "Callers are hurt: 30 of 90 calls were not served. Look at the answers: for a 50 % can't be used and 20 % of "
        "entities do not stand in the text; for b 100 % found nothing.",
    ),
    "callers recovered": (
        calls(5, 5, 4, "hurt", recovered=42), [GOOD], [], True,
        "bad", "Callers are hurt: 4 of 5 calls were not served; they recovered 42 s ago.",
    ),
    "an upstream recovered": (
        calls(300, state="fine"), [upstream("bad", "degraded", 80, 20) | {"recovered_seconds_ago": 95}], [], True,
        "ok",
        "Callers are fine: every call was served. bad is degraded (80 % of attempts succeed), and recovered 1 min 35 s "
        "ago; retries and the cache make up for it.",
    ),
    "answers recovered": (
        calls(90, state="fine"), [GOOD], [profile("orders", "empty", empty=0.62) | {"recovered_seconds_ago": 0}], True,
        "warn",
        "Callers are fine: every call was served. Look at the answers: for orders 62 % found nothing, and recovered 1 s "
        "ago.",
    ),
    "an upstream is slow": (
        calls(300, state="fine"), [GOOD, upstream("mole", "slow", 50) | {"typical_seconds": 4.2, "norm_seconds": 0.21}], [],
        True, "warn", "Callers are fine: every call was served. mole is slow (4.2 s, normally 210 ms).",
    ),
    "a profile is slow, and was": (
        calls(300, state="fine"),
        [upstream("mole", "slow", 50) | {"typical_seconds": 4.2, "norm_seconds": 0.21, "recovered_seconds_ago": 7}],
        [PLAIN | {"name": "orders", "state": "slow", "typical_seconds": 4.3, "norm_seconds": 0.25}], True,
        "warn",
        "Callers are fine: every call was served. mole is slow (4.2 s, normally 210 ms), and recovered 7 s ago. Calls take "
        "long: for orders 4.3 s, normally 250 ms.",
    ),
    "it is not ready": (
        calls(9, state="fine"), [GOOD], [], False,
        "bad", "Callers are fine: every call was served. The gateway is not ready: it takes no new calls.",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_it_says_what_is_so(page, case):
    counted, upstreams, profiles, ready, tone, text = case
    overview = {
        "calls": counted,
        "upstreams": upstreams,
        "profiles": profiles,
        "ready": ready,
        "window_seconds": 300,
    }
    said = page.evaluate("async (overview) => (await import('/page/headline.js')).headline(overview)", overview)
    assert (said["tone"], said["text"].replace("\u00a0", " ")) == (tone, text)


# Calls that end so are their caller's own doing: grey on the page, and no part of what the SLO counts.
CALLERS = {"invalid", "unauthenticated", "not_cached", "refused", "cancelled", "unimplemented"}


def test_callers_own_doing_is_grey_and_nothing_else(page):
    tones = page.evaluate(
        """async () => {
          const { verdictTone } = await import("/page/words.js");
          const { calls } = await (await fetch("/api/overview")).json();
          return Object.keys(calls.since_start.by_verdict).map((verdict) => [verdict, verdictTone(verdict)]);
        }"""
    )
    assert {verdict for verdict, tone in tones if tone == "calm"} == CALLERS
    assert [verdict for verdict, tone in tones if tone == "ok"] == ["ok"]


def test_an_expired_answer_saves_no_flight(page):
    saved = page.evaluate(
        """async () => {
          const { showOverview } = await import("/page/overview.js");
          const overview = await (await fetch("/api/overview")).json();
          overview.calls.window.by_cache = { hit: 1, joined: 2, stale: 4, miss: 3, bypass: 0 };
          showOverview(overview);
          const tiles = [...document.querySelectorAll("#tiles .tile")];
          const cache = tiles.find((tile) => tile.querySelector("h3").textContent === "Cache");
          return cache.querySelector(".value").textContent;
        }"""
    )
    assert saved.replace("\u00a0", " ") == "30 % saved"


def test_calls_of_a_restarted_gateway_take_the_lines_of_those_with_their_numbers(page):
    shown = page.evaluate(
        """async () => {
          const { CallList } = await import("/page/calls.js");
          const [list, count, none, scale, more, elsewhere] = Array.from({ length: 6 }, () => document.createElement("div"));
          const calls = new CallList({ list, count, none, scale, more, elsewhere });
          for (const [process, verdict] of [["one", "upstream_rejected"], ["two", "ok"]]) {
            const call = { number: 1, received_unix_seconds: 1000, elapsed_seconds: 0.1, verdict, attempts: [] };
            calls.show({ process, calls: [call], matching: 1, kept: 1, seen: 1, capacity: 500 }, "", 200);
          }
          return [...list.querySelectorAll("li")].map((item) => item.dataset.verdict);
        }"""
    )
    assert shown == ["ok"]
