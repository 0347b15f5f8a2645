"""The live page with facts of a test's own: the gateway serves the page, and what it would tell is made up here."""

import contextlib
import json
import urllib.parse
import urllib.request


def attempt(number=1, outcome="success", error=None, start=0.0, latency=0.05, wait=0.0, upstream="primary"):
    return {
        "id": f"a-{number}",
        "number": number,
        "kind": "initial" if number == 1 else "retry",
        "upstream": upstream,
        "start_seconds": start,
        "latency_seconds": latency,
        "wait_seconds": wait,
        "wait_source": "exponential" if wait else None,
        "outcome": outcome,
        "error_type": error,
        "http_status": 200 if outcome == "success" else None,
    }


def call(number, attempts=None, **facts):
    attempts = [attempt()] if attempts is None else attempts
    return {
        "number": number,
        "received_unix_seconds": 1_800_000_000.0 + number,
        "elapsed_seconds": 0.05,
        "deadline_seconds": None,
        "overhead_seconds": 0.001,
        "entry": "unary",
        "profile": "entities",
        "verdict": "ok",
        "error_type": None,
        "phase": None,
        "cache": "miss",
        "cache_age_seconds": None,
        "joined": False,
        "upstream": attempts[-1]["upstream"] if attempts else None,
        "retries": max(0, len(attempts) - 1),
        "withheld": None,
        "repair_withheld": None,
        "brought": None,
        "saved_input_tokens": None,
        "saved_output_tokens": None,
        "input_tokens": None,
        "output_tokens": None,
        "trace_id": None,
        "trace_sampled": False,
        "attempts": attempts,
    } | facts


class Facts:
    """What the page is told, until a test changes it."""

    def __init__(self, admin):
        with urllib.request.urlopen(f"http://{admin}/api/overview") as reply:
            self.overview = json.load(reply)
        self.process = "first"
        self.calls = []
        self.capacity = 500
        self.silent = set()
        self.status = {}
        self.questions = 0

    def name_upstreams(self, *names):
        model = self.overview["upstreams"][0]
        self.overview["upstreams"] = [{**model, "name": name} for name in names]

    def answer(self, route):
        url = urllib.parse.urlsplit(route.request.url)
        kind = url.path.removeprefix("/api/")
        self.questions += 1
        if kind in self.silent:
            route.abort()
        elif kind in self.status:
            route.fulfill(status=self.status[kind], body="")
        elif kind == "overview":
            route.fulfill(json=self.overview)
        else:
            self.answer_calls(route, dict(urllib.parse.parse_qsl(url.query)))

    def answer_calls(self, route, query):
        names = [upstream["name"] for upstream in self.overview["upstreams"]]
        if query.get("upstream", names[0]) not in names:
            problem = f"upstream must be one of: {', '.join(names)}"
            route.fulfill(status=400, json={"error": problem})
            return
        kept = sorted(self.calls, key=lambda one: -one["number"])[: self.capacity]
        verdicts = query.get("verdict", "").split(",")
        matching = [one for one in kept if verdicts == [""] or one["verdict"] in verdicts]
        facts = {
            "process": self.process,
            "seen": len(self.calls),
            "capacity": self.capacity,
            "kept": len(kept),
            "matching": len(matching),
            "calls": matching[: int(query["limit"])],
        }
        route.fulfill(json=facts)


@contextlib.contextmanager
def opened(browser, gateway, facts, width=1360, height=900):
    """The page, which must not fail in any way of its own."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route("**/api/**", facts.answer)
    page.goto(f"http://{gateway.admin}/")
    yield page
    context.close()
    assert errors == []
