"""The live page in a real browser: Chromium, headless, from the system's packages; nothing is downloaded."""

import json
import threading
import urllib.request

import grpc
import pytest
from playwright.sync_api import expect

import crowd
from conftest import Gateway, Simulator

TEXT = "Ada Lovelace met Grace Hopper in London."

# Told to the page before its own scripts run: what the browser refused to load or run.
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


@pytest.fixture(scope="module")
def upstream():
    running = Simulator()
    yield running
    running.process.stop()


@pytest.fixture(scope="module")
def gateway(upstream, tmp_path_factory):
    running = Gateway(upstream.base_url, tmp_path_factory.mktemp("live-page"))
    yield running
    assert running.process.stop() == 0


@pytest.fixture(scope="module")
def stub(gateway):
    from tidegate.v1 import extraction_pb2_grpc as rpc

    with grpc.insecure_channel(gateway.address) as channel:
        yield rpc.ExtractionServiceStub(channel)


@pytest.fixture
def open_page(browser, gateway):
    """Opens the page, and holds it to its word until the test ends."""
    contexts, pages, complaints, strangers = [], [], [], []
    origin = f"http://{gateway.admin}/"

    def note(request):
        if not request.url.startswith(origin):
            strangers.append(request.url)

    def open_it(scheme="light", width=1360, height=1400, motion="no-preference"):
        context = browser.new_context(
            color_scheme=scheme,
            viewport={"width": width, "height": height},
            reduced_motion=motion,
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.add_init_script(WATCH)
        page = context.new_page()
        page.on("request", note)
        page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))
        page.on("console", lambda message: complaints.append(f"console {message.type}: {message.text}"))
        response = page.goto(origin)
        assert response.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in response.headers["content-security-policy"]
        contexts.append(context)
        pages.append(page)
        return page

    yield open_it
    for page in pages:
        assert page.evaluate("violations") == []
    for context in contexts:
        context.close()
    assert complaints == []
    assert strangers == []


def extract(stub, text, **options):
    from tidegate.v1 import extraction_pb2 as pb

    return stub.Extract(pb.ExtractRequest(text=text), **{"timeout": 10, **options})


def line(page, trace_id):
    """The line of a call, by its trace id: as the API numbers it."""
    number = page.evaluate(
        """async (id) => (await (await fetch("/api/calls")).json()).calls.find((call) => call.trace_id === id)?.number""",
        trace_id,
    )
    return page.locator(f'button[aria-controls="call-{number}"]')


def retried_call(stub, upstream, text):
    upstream.script('[[fault]]\nfault = "status"\nstatus = 503\nfirst = 1\n')
    return extract(stub, text).info.trace_id


def test_a_retried_call_appears_without_reload_and_opens_to_its_waterfall(open_page, stub, upstream):
    page = open_page()
    expect(page.get_by_role("status")).to_have_text("live")
    trace_id = retried_call(stub, upstream, f"{TEXT} One.")
    call = line(page, trace_id)
    expect(call).to_be_visible()
    expect(call.locator("rect.failure")).to_have_count(1)
    expect(call.locator("rect.wait")).to_have_count(1)
    expect(call.locator("rect.success")).to_have_count(1)
    call.click()
    timeline = page.get_by_role("list", name="Timeline")
    expect(timeline.get_by_role("listitem")).to_have_count(3)
    expect(timeline).to_contain_text("#1 initial")
    expect(timeline).to_contain_text("503 overloaded")
    expect(timeline).to_contain_text("#2 retry")
    expect(timeline).to_contain_text("200 success")
    expect(timeline).to_contain_text("(exponential)")
    expect(timeline.locator(".track rect.wait")).to_have_count(1)
    # The attempts follow each other in the picture as they did in time.
    first, wait, second = (
        timeline.locator(f".track rect.{kind}").bounding_box() for kind in ("failure", "wait", "success")
    )
    assert first["x"] + first["width"] <= wait["x"] + 2
    assert wait["x"] + wait["width"] <= second["x"] + 2
    expect(page.locator(".trace")).to_have_text(trace_id)
    page.get_by_role("button", name="Copy the trace id").click()
    assert page.evaluate("navigator.clipboard.readText()") == trace_id


def test_calls_are_opened_and_walked_by_keyboard(open_page, stub, upstream):
    upstream.script("")
    for number in range(3):
        extract(stub, f"{TEXT} Keyboard {number}.")
    page = open_page()
    calls = page.locator("button.call")
    expect(calls.nth(2)).to_be_visible()
    # Nobody calls, so that the list stands still.
    page.get_by_label("only empty answers").focus()
    page.keyboard.press("Tab")
    expect(calls.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(calls.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(calls.nth(1)).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("list", name="Timeline")).to_be_visible()
    page.keyboard.press("Enter")
    expect(calls.nth(1)).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("End")
    expect(calls.last).to_be_focused()
    page.keyboard.press("Home")
    expect(calls.nth(0)).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_what_is_open_stays_open_while_calls_come(open_page, stub, upstream):
    trace_id = retried_call(stub, upstream, f"{TEXT} Open.")
    page = open_page()
    call = line(page, trace_id)
    call.click()
    later = line(page, extract(stub, f"{TEXT} Later.").info.trace_id)
    expect(later).to_be_visible()
    expect(call).to_have_attribute("aria-expanded", "true")
    expect(call).to_be_focused()


def test_calls_are_filtered(open_page, stub, upstream):
    retried = retried_call(stub, upstream, f"{TEXT} Filtered.")
    upstream.script('[[fault]]\nfault = "status"\nstatus = 401\n')
    with pytest.raises(grpc.RpcError):
        extract(stub, f"{TEXT} Rejected.")
    page = open_page()
    verdicts = page.locator("button.call .verdict")
    expect(verdicts.filter(has_text="ok").first).to_be_visible()
    page.locator("#verdict").select_option("upstream_rejected")
    expect(verdicts.filter(has_text="ok")).to_have_count(0)
    expect(verdicts.filter(has_text="upstream_rejected")).to_have_count(1)
    page.locator("#verdict").select_option("not ok")
    expect(verdicts.filter(has_text="upstream_rejected")).to_have_count(1)
    page.locator("#verdict").select_option("")
    page.get_by_label("only retried").check()
    expect(line(page, retried)).to_be_visible()
    expect(verdicts.filter(has_text="upstream_rejected")).to_have_count(0)
    page.locator("#upstream").select_option("simulator")
    expect(line(page, retried)).to_be_visible()


def test_answers_that_found_nothing_are_seen_although_nothing_fails(open_page, stub, upstream):
    upstream.script('[[fault]]\nfault = "zero_entities"\nmatch = "Nothing"\n')
    for number in range(40):
        extract(stub, f"{TEXT} Nothing {number}.")
    page = open_page()
    expect(page.locator("#headline")).to_contain_text("Look at the answers: for entities")
    expect(page.locator("#headline")).to_contain_text("found nothing")
    row = page.get_by_role("row").filter(has_text="entities").filter(has_text="suspect")
    expect(row).to_contain_text("valid_empty 40")
    expect(page.locator(".tile").filter(has_text="Valid but empty")).to_contain_text("most for entities")
    found = extract(stub, f"{TEXT} Something.").info.trace_id
    nothing = extract(stub, f"{TEXT} Nothing at last.").info.trace_id
    page.get_by_label("only empty answers").check()
    expect(line(page, nothing)).to_be_visible()
    expect(line(page, found)).to_have_count(0)
    upstream.script("")


def test_pausing_holds_the_page_still(open_page, stub, upstream):
    upstream.script("")
    page = open_page()
    expect(page.get_by_role("status")).to_have_text("live")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status")).to_have_text("paused")
    call = line(page, extract(stub, f"{TEXT} Paused.").info.trace_id)
    expect(call).to_have_count(0)
    page.get_by_role("button", name="Resume").click()
    expect(call).to_be_visible()


def test_lost_contact_is_said_and_mended(browser, gateway):
    # Not by open_page: the browser itself complains of every failed request.
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://{gateway.admin}/")
    expect(page.get_by_role("status")).to_have_text("live")
    context.set_offline(True)
    expect(page.get_by_role("status")).to_have_text("no contact", timeout=20_000)
    expect(page.locator("#banner")).to_contain_text("No contact for")
    context.set_offline(False)
    expect(page.get_by_role("status")).to_have_text("live", timeout=20_000)
    expect(page.locator("#banner")).to_be_hidden()
    context.close()


CONTRAST = """
() => {
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const colour = (text) => text.match(/[\\d.]+/g).map(Number);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, a = 1] = colour(getComputedStyle(at).backgroundColor);
      if (a === 1) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("main *, header *, footer *")) {
    const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!text || !element.checkVisibility() || element.closest("svg, option, .unseen")) continue;
    const [a, b] = [light(colour(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${element.className}: ${element.textContent.slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return poor;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1360, 900, 390])
def test_it_is_readable_in_both_themes_at_every_width(open_page, stub, upstream, scheme, width, tmp_path):
    trace_id = retried_call(stub, upstream, f"{TEXT} {scheme} {width}.")
    page = open_page(scheme, width, motion="reduce")
    line(page, trace_id).click()
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "nothing stands out to the side"
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, ground[4:-1].split(","))) > 380) == (scheme == "light")
    assert page.evaluate("getComputedStyle(document.querySelector('main')).transitionDuration") == "0s"
    picture = page.screenshot(path=tmp_path / "page.png")
    assert len(picture) > 20_000


def test_every_part_of_the_page_has_a_name(open_page, stub, upstream):
    trace_id = retried_call(stub, upstream, f"{TEXT} Names.")
    page = open_page()
    line(page, trace_id).click()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("svg[role=img], button, select, input, section")].filter((element) =>
          element.checkVisibility() && !element.getAttribute("aria-label") && !element.getAttribute("aria-labelledby")
          && !element.closest("label") && !element.textContent.trim()).map((element) => element.outerHTML)"""
    )
    assert nameless == []
    assert page.locator("h1").count() == 1


def test_the_facts_hold_no_text(stub, upstream, gateway):
    upstream.script("")
    extract(stub, f"{TEXT} Unspeakable.")
    for path in ("overview", "calls?limit=10000"):
        with urllib.request.urlopen(f"http://{gateway.admin}/api/{path}") as reply:
            facts = reply.read().decode()
        assert json.loads(facts)
        assert "Lovelace" not in facts and "Unspeakable" not in facts


def test_the_picture_for_the_readme(browser, tmp_path, pytestconfig):
    """Makes docs/images/live-page.png, of a crowd of calls; only if asked: --picture PATH."""
    target = pytestconfig.getoption("--picture")
    if target is None:
        pytest.skip("no --picture asked for")
    with crowd.scene(tmp_path) as scene:
        page = browser.new_page(viewport={"width": 1280, "height": 1900}, device_scale_factor=1)
        page.goto(f"http://{scene.gateway.admin}/")
        page.get_by_label("1 min").check()
        playing = threading.Thread(target=scene.play, args=[80])
        playing.start()
        page.wait_for_timeout(72_000)
        page.get_by_label("only retried").check()
        call = page.locator(".call:has(rect.failure ~ rect.failure):has(rect.success)").first
        call.click()
        page.mouse.move(0, 0)
        page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        page.screenshot(path=target)
        playing.join()
