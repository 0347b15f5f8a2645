"""Each alert fires when its fault is there, is over when the fault is, and fires for nothing else."""

import pytest
import report
from cases import ALSO, CASES, NOT_CAUSED
from services import SERVICES


def alert_rules(world):
    groups = world.prometheus.rules()
    return [rule for group in groups for rule in group["rules"] if rule["type"] == "alerting"]


def fired_in(world, proof):
    return [notice for notice in world.webhook.notices if notice.status == "firing" and notice.at >= proof.began]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_fires_and_clears(proof, case):
    outcome = proof.outcomes[case]
    assert outcome.fired_after is not None, f"never fired, although {case.fault}"
    assert outcome.cleared_after is not None, "fired, and never cleared"
    assert outcome.cleared_after > 0, "was over before the fault was"


def test_the_page_tells_how_many_calls_are_made():
    assert f"make {sum(service.rate for service in SERVICES)} calls a second" in report.PAGE.read_text()


def test_every_alert_has_a_case_or_a_reason_why_not(proof):
    for rule in alert_rules(proof.faulty):
        cases = [case for case in CASES if case.alert == rule["name"] and case.fits(rule["labels"])]
        assert bool(cases) != (rule["name"] in NOT_CAUSED), f"{rule['name']} {rule['labels']}"
    names = {rule["name"] for rule in alert_rules(proof.faulty)}
    assert names == {case.alert for case in CASES} | set(NOT_CAUSED)


def test_no_fault_fires_what_it_should_not(proof):
    fired = [notice.labels for notice in fired_in(proof.faulty, proof)]
    strangers = [labels for labels in fired if not any(case.explains(labels) for case in CASES + ALSO)]
    assert not strangers


def test_nothing_fires_without_faults(proof):
    assert not fired_in(proof.calm, proof)
    assert not proof.calm.prometheus.query_range('ALERTS{alertstate="firing"}', proof.began, proof.ended, 1)


def test_there_were_calls_in_both_worlds(proof):
    for world in (proof.faulty, proof.calm):
        silent = [stream.service.name for stream in world.streams if not stream.codes["OK"]]
        assert not silent


@pytest.mark.parametrize("world", ["faulty", "calm"])
def test_no_rule_fails_to_be_evaluated(proof, world):
    prometheus = getattr(proof, world).prometheus
    (_, evaluations), = prometheus.query("sum(prometheus_rule_evaluations_total)")
    (_, failures), = prometheus.query("sum(prometheus_rule_evaluation_failures_total)")
    assert evaluations > 0
    assert failures == 0
