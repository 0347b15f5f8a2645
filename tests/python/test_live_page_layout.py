"""The live page with the longest words, at every width."""

import pytest
from playwright.sync_api import expect

from scripted import Facts, call, opened

LONG = "a-name-as-long-as-any-that-the-configuration-lets-an-upstream-h"


@pytest.fixture
def facts(gateway):
    return Facts(gateway.admin)


# What is wider than the room it has, where it is not meant to end in an ellipsis.
CROWDED = """
() => [...document.querySelectorAll(".tile *, .ranking li > *, .cell *, .call > .when, .call > .verdict, .call > .took")]
  .filter((one) => !one.closest("svg") && one.checkVisibility() && one.clientWidth > 0)
  .filter((one) => one.scrollWidth > one.clientWidth + 1)
  .map((one) => `${one.className}: ${one.textContent.slice(0, 40)}`)
"""

# Words that stand upon the bar beside them.
COVERED = """
() => [...document.querySelectorAll(".ranking li")].filter(({ children: [name, bar] }) => {
  const words = document.createRange();
  words.selectNodeContents(name);
  return words.getBoundingClientRect().right > bar.getBoundingClientRect().left;
}).map((line) => line.textContent)
"""


@pytest.mark.parametrize("width", [400, 900, 1160, 1400])
def test_the_longest_words_have_room(browser, gateway, facts, width):
    facts.name_upstreams(LONG)
    window = facts.overview["calls"]["window"]
    for counts in (window["by_verdict"], facts.overview["attempts"]["window"]["by_error_type"]):
        counts.update({word: 12_345 for word in counts})
    window["count"] = sum(window["by_verdict"].values())
    window["latency_seconds"] = {"p50": 0.426, "p95": 99.9, "p99": 99.9, "max": 99.9}
    window["histogram"] = [{"le_seconds": 100.0, "count": 1}]
    seen = facts.overview["upstreams"][0]["window"]
    seen["by_error_type"] = facts.overview["attempts"]["window"]["by_error_type"]
    seen["withheld_by_reason"] = {word: 12_345 for word in seen["withheld_by_reason"]}
    facts.calls = [call(n, verdict=word) for n, word in enumerate(window["by_verdict"], start=1)]
    with opened(browser, gateway, facts, width=width) as page:
        expect(page.locator("button.call")).to_have_count(len(facts.calls))
        assert page.evaluate(CROWDED) == []
        assert page.evaluate(COVERED) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
