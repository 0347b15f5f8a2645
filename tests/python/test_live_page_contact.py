"""What the live page does when it is paused, and when the gateway is gone or another."""

import pytest
from playwright.sync_api import expect

from scripted import Facts, call, opened


@pytest.fixture
def facts(gateway):
    facts = Facts(gateway.admin)
    facts.name_upstreams("old", "older")
    facts.calls = [call(number) for number in range(1, 4)]
    return facts


@pytest.fixture
def page(browser, gateway, facts):
    with opened(browser, gateway, facts) as page:
        expect(page.locator("#contact")).to_have_text("live")
        expect(page.locator("button.call")).to_have_count(3)
        yield page


def test_a_paused_page_stays_so_when_its_tab_is_seen_again(page, facts):
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#contact")).to_have_text("paused")
    asked = facts.questions
    facts.calls.append(call(4))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    # What the page asked by then, it asked before this.
    page.evaluate("fetch('/api/overview?window=60').then((reply) => reply.text())")
    assert facts.questions == asked + 1
    expect(page.locator("button.call")).to_have_count(3)
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("button.call")).to_have_count(4)


def test_another_gateway_that_does_not_know_the_filter_is_no_lost_contact(page, facts):
    page.locator("#upstream").select_option("older")
    facts.name_upstreams("new", "newer")
    facts.process = "second"
    expect(page.locator("#notice")).to_contain_text("The filter was reset")
    expect(page.locator("#notice")).to_contain_text("upstream must be one of: new, newer")
    expect(page.locator("#upstream option")).to_have_text(["any", "new", "newer"])
    assert page.locator("#upstream").input_value() == ""
    expect(page.locator("#contact")).to_have_text("live")
    expect(page.locator("#behind")).to_be_hidden()
    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("#upstreams")).to_contain_text("newer")
    page.locator("#upstream").select_option("newer")
    expect(page.locator("#notice")).to_be_hidden()


def test_a_question_without_an_answer_is_told_while_paused_and_asked_until_it_is_answered(page, facts):
    page.get_by_role("button", name="Pause").click()
    facts.silent = {"overview", "calls"}
    page.locator("#verdict").select_option("internal")
    expect(page.locator("#behind")).to_contain_text("from before, whatever the filter says")
    facts.silent = set()
    expect(page.locator("#behind")).to_be_hidden()
    expect(page.locator("button.call")).to_have_count(0)
    expect(page.locator("#contact")).to_have_text("paused")


def test_figures_are_shown_also_when_nobody_tells_of_calls(page, facts):
    facts.silent = {"calls"}
    facts.overview["version"] = "9.9.9"
    expect(page.locator("#identity")).to_contain_text("v9.9.9")
    expect(page.locator("#behind")).to_contain_text("the gateway does not answer")
    expect(page.locator("#contact")).to_have_text("live")
    expect(page.locator("#banner")).to_be_hidden()


def test_a_gateway_that_answers_with_an_error_is_not_called_silent(page, facts):
    facts.status = {"overview": 500}
    expect(page.locator("#banner")).to_contain_text("it answers 500")
    expect(page.locator("#contact")).to_have_text("live")
    facts.status = {}
    expect(page.locator("#banner")).to_be_hidden()
