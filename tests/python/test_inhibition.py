"""The shipped Alertmanager configuration holds back what another alert says better, and nothing else."""

import json
import pathlib
import re
import subprocess
import urllib.error
import urllib.request

import pytest
from tools import free_port, tool, until

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Sends nobody anything; its inhibitions are those of grafana/prometheus/alertmanager.yaml, which tests/deploy holds.
CONFIG = ROOT / "deploy" / "alertmanager.yaml"


def alerts(job):
    """Each alert with the labels that the tests of the rules saw it fire with, for one upstream of `job`."""
    name, found = None, []
    for line in (ROOT / "grafana" / "prometheus" / "rules.test.yaml").read_text().splitlines():
        if match := re.match(r"\s+alertname: (\w+)$", line):
            name = match[1]
        elif match := re.match(r"\s+- exp_labels: \{(.+)\}$", line):
            labels = dict(pair.split(": ") for pair in match[1].replace('"', "").split(", "))
            same = {label: "primary" for label in ["upstream"] if label in labels}
            labels = labels | same | {"alertname": name, "job": job}
            if labels not in found:
                found.append(labels)
    return found


def named(found, *names):
    return [labels for labels in found if labels["alertname"] in names]


class Alertmanager:
    """A real one, which holds the alerts of one test."""

    def __init__(self, directory):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/api/v2/alerts"
        options = [f"--storage.path={directory}", f"--web.listen-address=127.0.0.1:{port}"]
        command = [tool("alertmanager"), f"--config.file={CONFIG}", *options, "--cluster.listen-address="]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        until(self.ready, "an Alertmanager that answers")

    def ready(self):
        try:
            return self.held_back() == []
        except urllib.error.URLError:
            return False

    def fire(self, found):
        body = json.dumps([{"labels": labels} for labels in found]).encode()
        request = urllib.request.Request(self.url, body, {"content-type": "application/json"})
        urllib.request.urlopen(request).close()
        until(lambda: len(self.alerts()) == len(found), "all alerts")

    def alerts(self):
        with urllib.request.urlopen(self.url) as answer:
            return json.load(answer)

    def held_back(self):
        return [alert["labels"] for alert in self.alerts() if alert["status"]["inhibitedBy"]]


@pytest.fixture
def alertmanager(tmp_path):
    running = Alertmanager(tmp_path)
    yield running
    running.process.terminate()
    running.process.wait(10)


def test_what_is_tested_are_all_alerts():
    rules = (ROOT / "grafana" / "prometheus" / "rules.yaml").read_text()
    assert {labels["alertname"] for labels in alerts("one")} == set(re.findall(r"alert: (\w+)", rules))


@pytest.mark.parametrize(
    ("source", "held_back"),
    [
        ("TidegateRetryStorm", ["TidegateRetrySpike"]),
        ("TidegateUpstreamRateLimited", ["TidegateRetrySpike"]),
        ("TidegateUpstreamFailing", ["TidegateRetryBudgetExhausted", "TidegateRetriesIneffective"]),
        ("TidegateUpstreamMisconfigured", ["TidegateUpstreamFailing", "TidegateRetriesIneffective"]),
    ],
)
def test_an_upstream_is_spoken_of_once(alertmanager, source, held_back):
    here = named(alerts("one"), source, *held_back, "TidegateSaturated", "TidegateErrorBudgetBurn")
    # One of them elsewhere: some of those held back hold each other back.
    there = [labels | {"upstream": "spare"} for labels in named(alerts("one"), held_back[-1])]
    here = [labels for labels in here if labels["severity"] == "warning" or labels["alertname"] == source]
    alertmanager.fire(here + there)
    held = alertmanager.held_back()
    assert {labels["alertname"] for labels in held} == set(held_back)
    assert {labels["upstream"] for labels in held} == {"primary"}


def test_a_fast_burn_holds_back_the_slow_ones(alertmanager):
    alertmanager.fire(named(alerts("one"), "TidegateErrorBudgetBurn") + named(alerts("two"), "TidegateRetrySpike"))
    held = alertmanager.held_back()
    assert {(labels["alertname"], labels["long_window"]) for labels in held} == {
        ("TidegateErrorBudgetBurn", "1d"),
        ("TidegateErrorBudgetBurn", "3d"),
    }


def test_an_outage_of_callers_is_told_once(alertmanager):
    alertmanager.fire(named(alerts("one"), "TidegateCallersLeaving"))
    assert [labels["severity"] for labels in alertmanager.held_back()] == ["warning"]


def test_without_a_gateway_its_job_says_nothing_else(alertmanager):
    one, two = alerts("one"), [labels for labels in alerts("two") if labels["severity"] == "warning"]
    two = [labels for labels in two if "upstream" not in labels]
    alertmanager.fire(one + two)
    held = alertmanager.held_back()
    assert {labels["job"] for labels in held} == {"one"}
    assert {labels["alertname"] for labels in held} == {labels["alertname"] for labels in one} - {"TidegateDown"}


def test_alone_every_alert_is_heard(alertmanager):
    quiet = {
        "TidegateDown",
        "TidegateRetryStorm",
        "TidegateUpstreamFailing",
        "TidegateUpstreamMisconfigured",
        "TidegateUpstreamRateLimited",
    }
    both = {"TidegateErrorBudgetBurn", "TidegateCallersLeaving"}
    heard = [labels for labels in alerts("one") if labels["alertname"] not in quiet]
    heard = [labels for labels in heard if labels["alertname"] not in both or labels["severity"] == "warning"]
    alertmanager.fire(heard)
    assert alertmanager.held_back() == []
