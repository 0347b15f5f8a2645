"""How soon a stranger sees what is wrong: on the live page, by an alert, and in a single call. Only if asked: --stranger."""

import dataclasses
import json
import os
import threading
import time
import urllib.request

import pytest
from cases import Case
from gateway import Gateway
from load import Stream
from otlp import Collector
from processes import ROOT, free_port
from prometheus import Alertmanager, Prometheus
from services import GATEWAYS, SERVICES
from webhook import Webhook
from world import Simulator

PAGE = ROOT / "docs" / "alerts-proof.md"
MARK = "<!-- stranger -->\n"
# Long enough for the page to know what is normal before its window of a minute.
HEALTHY = 110
PATIENCE = 120
CALM = 'latency = "30ms"\n'


@dataclasses.dataclass(frozen=True)
class Fault:
    """What goes wrong with one service, and where it must be seen."""

    what: str
    service: str
    script: str
    alert: str
    # "upstreams" or "profiles" of the page, whose line says so.
    line: str
    shows: object
    # What a stranger narrows the list of calls by.
    query: str = ""

    def case(self):
        by = "upstream" if self.line == "upstreams" else "profile"
        return Case(self.alert, {by: self.service}, self.what)


def attempted(error_type):
    return lambda call: any(attempt["error_type"] == error_type for attempt in call["attempts"])


FAULTS = (
    Fault(
        "every answer is truncated", "cut-short", 'fault = "truncated"',
        "TidegateAnswersTruncated", "profiles", attempted("truncated"),
    ),
    Fault(
        "every attempt gets a 429", "limited", 'fault = "status"\nstatus = 429',
        "TidegateUpstreamRateLimited", "upstreams", attempted("rate_limited"),
    ),
    Fault(
        "valid answers, nothing found", "emptied", 'fault = "zero_entities"',
        "TidegateAnswersEmpty", "profiles", lambda call: call["brought"]["empty"], "&empty=true",
    ),
    Fault(
        "answers take 20 times as long", "slowed", 'fault = "slow"\ndelay = "570ms"',
        "TidegateUpstreamSlow", "upstreams", lambda call: call["elapsed_seconds"] > 0.5,
    ),
    Fault(
        "answers have no content", "wordless", 'fault = "empty"',
        "TidegateAnswersWithoutContent", "profiles", attempted("empty"),
    ),
)  # fmt: skip


@pytest.fixture
def world(pytestconfig, stubs, rules, tmp_path):
    """One gateway, its callers and what watches them; callers of all faults and of none."""
    if not pytestconfig.getoption("--stranger"):
        pytest.skip("no --stranger asked for")
    simulator, collector, webhook = Simulator(tmp_path), Collector(free_port()), Webhook(free_port())
    gateway = Gateway(GATEWAYS[0], simulator.base_url, collector.endpoint, tmp_path)
    alertmanager = Alertmanager(tmp_path, webhook.url)
    prometheus = Prometheus(tmp_path, rules, [gateway.admin], alertmanager.address)
    names = {fault.service for fault in FAULTS} | {"steady"}
    callers = [
        Stream(dataclasses.replace(service, rate=4, same=1), gateway.address, threading.Event())
        for service in SERVICES
        if service.name in names
    ]
    parts = [simulator, collector, gateway, webhook, alertmanager, prometheus, *callers]
    for part in parts:
        part.start()
    simulator.script(CALM)
    yield simulator, gateway, webhook
    for part in reversed(parts):
        part.stop()


def ask(gateway, path):
    with urllib.request.urlopen(f"http://{gateway.admin}/api/{path}") as reply:
        return json.load(reply)


def seen(fault, gateway, webhook, began):
    """Where the fault can be seen by now."""
    overview = ask(gateway, "overview?window=60")
    line = next((one for one in overview[fault.line] if one["name"] == fault.service), {"state": "idle", "faults": []})
    asked = ask(gateway, f"calls?limit=500{fault.query}")["calls"]
    calls = (call for call in asked if call["profile"] == fault.service)
    return {
        "mark": bool(line["faults"]),
        "word": line["state"] not in ("healthy", "idle", "waiting"),
        "alert": bool(webhook.of(fault.case(), began)),
        "call": any(fault.shows(call) for call in calls if call["received_unix_seconds"] >= began),
    }


PLACES = ("call", "mark", "word", "alert")


def watch(simulator, gateway, webhook):
    """Seconds from the begin of all faults until each was seen in each place."""
    simulator.script(CALM + "".join(f'[[fault]]\n{fault.script}\nmatch = "{fault.service}: "\n' for fault in FAULTS))
    began = time.time()
    after = {fault: dict.fromkeys(PLACES) for fault in FAULTS}
    while time.time() - began < PATIENCE and any(None in places.values() for places in after.values()):
        for fault, places in after.items():
            for place, there in seen(fault, gateway, webhook, began).items():
                if there and places[place] is None:
                    places[place] = time.time() - began
        time.sleep(0.1)
    return after


def table(after):
    yield "| Fault | A call that shows it | Mark on the page | Word on the page | Alert | by |"
    yield "| --- | ---: | ---: | ---: | ---: | --- |"
    for fault, places in after.items():
        figures = ["never" if places[place] is None else f"{places[place]:.1f} s" for place in PLACES]
        yield f"| {fault.what} | {' | '.join(figures)} | `{fault.alert}` |"


def test_a_stranger_sees_each_fault(world, capsys):
    simulator, gateway, webhook = world
    time.sleep(HEALTHY)
    assert not webhook.firing()
    assert all(one["state"] in ("healthy", "idle") for one in ask(gateway, "overview?window=60")["upstreams"])
    after = watch(simulator, gateway, webhook)
    lines = "\n".join([time.strftime("Run of %Y-%m-%d.", time.gmtime()), "", *table(after)])
    with capsys.disabled():
        print("\n" + lines)
    if os.environ.get("UPDATE_DOCS"):
        before, _, behind = PAGE.read_text().split(MARK)
        PAGE.write_text(MARK.join([before, f"\n{lines}\n\n", behind]))
    for fault, places in after.items():
        assert None not in places.values(), fault.what
