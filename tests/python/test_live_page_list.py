"""The live page's list of calls, with calls of ours: what stays, where focus goes, how it is drawn and named."""

import re

import pytest
from playwright.sync_api import expect

from scripted import Facts, attempt, call, opened


@pytest.fixture
def facts(gateway):
    facts = Facts(gateway.admin)
    facts.name_upstreams("primary")
    facts.calls = [call(number) for number in range(1, 4)]
    return facts


@pytest.fixture
def page(browser, gateway, facts):
    with opened(browser, gateway, facts) as page:
        expect(page.locator("button.call")).to_have_count(3)
        yield page


def button(page, number):
    return page.locator(f'button[aria-controls="call-{number}"]')


def test_a_call_that_is_read_stays_when_the_recorder_has_dropped_it(page, facts):
    facts.capacity = 3
    button(page, 1).click()
    button(page, 2).focus()
    facts.calls += [call(number) for number in range(4, 7)]
    expect(button(page, 6)).to_be_visible()
    expect(button(page, 1)).to_have_attribute("aria-expanded", "true")
    expect(page.locator("li:has(#call-1)")).to_contain_text("No longer kept")
    expect(button(page, 2)).to_be_focused()
    expect(button(page, 3)).to_have_count(0)
    numbers = page.locator("button.call").evaluate_all("all => all.map((one) => one.getAttribute('aria-controls'))")
    assert numbers == [f"call-{number}" for number in (6, 5, 4, 2, 1)]
    button(page, 1).click()
    page.locator("#verdict").focus()
    expect(button(page, 2)).to_have_count(0)
    expect(button(page, 1)).to_have_count(0)


def test_focus_goes_to_a_line_that_is_left_and_never_to_nowhere(page, facts):
    button(page, 2).focus()
    facts.process = "second"
    facts.calls = [call(number) for number in range(1, 3)]
    expect(button(page, 3)).to_have_count(0)
    expect(button(page, 2)).to_be_focused()
    facts.process, facts.calls = "third", []
    expect(page.locator("button.call")).to_have_count(0)
    expect(page.locator("#recorder")).to_be_focused()


def test_tab_leads_to_the_latest_call_unless_one_has_the_focus(page, facts):
    first = page.locator('button.call[tabindex="0"]')
    facts.calls.append(call(4))
    expect(first).to_have_attribute("aria-controls", "call-4")
    button(page, 2).focus()
    facts.calls.append(call(5))
    expect(button(page, 5)).to_be_visible()
    expect(first).to_have_attribute("aria-controls", "call-2")
    page.locator("#verdict").focus()
    expect(first).to_have_attribute("aria-controls", "call-5")


def test_a_bar_that_is_longer_than_the_scale_is_broken_off(page, facts):
    facts.calls += [call(number, [], elapsed_seconds=30, cache="hit") for number in range(4, 40)]
    facts.calls += [call(40 + number) for number in range(30)]
    facts.calls.append(call(70, [attempt(latency=9)], elapsed_seconds=9))
    expect(button(page, 70)).to_be_visible()
    expect(page.locator("#scale")).to_have_text("0100 ms")
    expect(button(page, 69).locator(".beyond")).to_have_count(0)
    mark = button(page, 70).locator(".beyond path").bounding_box()
    bar = button(page, 70).locator("rect.success").bounding_box()
    assert mark["width"] > 5 and bar["x"] < mark["x"] and mark["x"] + mark["width"] <= bar["x"] + bar["width"] + 1
    drawn = button(page, 70).locator(".beyond").evaluate("(mark) => getComputedStyle(mark).overflow")
    assert drawn == "visible"


def test_the_end_of_an_attempt_that_outlived_its_call_is_told_when_it_is_known(page, facts):
    late = call(4, [attempt(outcome=None)], verdict="deadline_exceeded", phase="attempt")
    facts.calls.append(late)
    button(page, 4).click()
    timeline = page.get_by_role("list", name="Timeline")
    expect(timeline).to_contain_text("not over when the call ended")
    facts.calls[-1] = late | {"attempts": [attempt(outcome="failure", error="deadline_exceeded")]}
    expect(timeline.locator("rect.failure")).to_have_count(1)
    expect(page.locator("li:has(#call-4)")).not_to_contain_text("not over")
    expect(button(page, 4)).to_have_attribute("aria-expanded", "true")


def test_a_narrow_page_lists_a_few_calls_and_more_when_asked(browser, gateway, facts):
    facts.calls = [call(number) for number in range(1, 51)]
    with opened(browser, gateway, facts, width=400) as page:
        calls, more = page.locator("button.call"), page.get_by_role("button", name="Show more calls")
        expect(calls).to_have_count(20)
        more.click()
        expect(calls).to_have_count(40)
        more.click()
        expect(calls).to_have_count(50)
        expect(more).to_be_hidden()
        legend, first = page.locator(".legend").bounding_box(), calls.first.bounding_box()
        assert legend["y"] + legend["height"] <= first["y"]


def test_a_call_is_named_in_words(page, facts):
    retried = [
        attempt(outcome="failure", error="overloaded"),
        attempt(2, start=0.1, wait=0.05),
    ]
    facts.calls += [call(4, retried), call(5, [], cache=None, profile=None, verdict="unauthenticated")]
    expect(button(page, 4)).to_have_attribute(
        "aria-label",
        re.compile(
            "^ended .*, verdict ok, profile entities, not in the cache, upstream primary, latency 50.ms, "
            "2 attempts: attempt 1 overloaded, wait 50.ms, attempt 2 200 success$"
        ),
    )
    name = button(page, 5).get_attribute("aria-label")
    assert "–" not in name and name.endswith("verdict unauthenticated, latency 50\u00a0ms, no attempt")


def brought(items, exact=0, not_found=0, left_out=0, empty_parts=0):
    return {
        "empty": items == 0,
        "items": items,
        "entities": exact + not_found,
        "exact": exact,
        "normalised": 0,
        "not_found": not_found,
        "left_out": left_out,
        "parts": 3,
        "empty_parts": empty_parts,
    }


def test_what_a_call_brought_is_told_and_an_empty_answer_stands_out(page, facts):
    facts.calls += [
        call(4, brought=brought(0, empty_parts=3)),
        call(5, brought=brought(4, exact=3, not_found=1, left_out=1200, empty_parts=1), saved_input_tokens=120, saved_output_tokens=30),
    ]
    expect(button(page, 4).locator(".verdict")).to_have_text("✓ ok ! empty")
    expect(button(page, 4)).to_have_attribute("aria-label", re.compile("verdict ok, the answer is empty, profile"))
    expect(button(page, 5).locator(".verdict")).to_have_text("✓ ok")
    for number in (4, 5):
        button(page, number).click()
    expect(page.locator("#call-4 .facts")).to_contain_text("nothing was found")
    expect(page.locator("#call-4 .facts")).to_contain_text("3 of 3")
    told = page.locator("#call-5 .facts")
    expect(told).to_contain_text("4 items: 4 entities (3 exact, 1 not found in the text), 1,200 more not looked for")
    expect(told).to_contain_text("1 of 3")
    expect(told).to_contain_text("120 in, 30 out")


def test_a_repair_that_is_withheld_says_why(page, facts):
    broken = [attempt(outcome="failure", error="schema_invalid")]
    facts.calls += [call(4, broken, verdict="answer_invalid", repair_withheld="budget")]
    button(page, 4).click()
    expect(page.locator("#call-4 .waterfall")).to_contain_text("withheld: budget")
    expect(page.locator("#call-4 .waterfall")).to_contain_text("the tenant's purse for repairs is empty")


def test_lists_hold_items_and_tables_rows(page, facts):
    button(page, 2).click()
    timeline = page.get_by_role("list", name="Timeline")
    expect(timeline).to_be_visible()
    roles = timeline.evaluate("(list) => [...list.children].map((child) => child.getAttribute('role'))")
    assert set(roles) == {"listitem"}
    expect(page.get_by_role("table", name="Upstreams")).to_have_count(1)
    facts.overview["profiles"] = []
    expect(page.locator("#answers")).to_contain_text("No answers yet.")
    assert page.locator("#answers").get_attribute("role") is None
