"""Where alerts on shares and rates begin and end: thresholds, floors of traffic, `for` and `keep_firing_for`, a hair to either side.

The figures stand here a second time on purpose: a rule whose window, threshold or patience is changed by mistake fires
as its summary says, only elsewhere.
"""

import dataclasses
import pathlib
import subprocess

import pytest
from tools import tool

RULES = pathlib.Path(__file__).resolve().parents[2] / "grafana" / "prometheus" / "rules.yaml"
GROUPS = ["upstreams", "slo", "budget", "answers", "latencies", "norms"]

# Minutes. Before the fault comes what makes a norm; the fault is there long enough for every `for`.
HEALTHY, FAULTY, AFTER = 180, 34, 40
END = HEALTHY + FAULTY
# What happens per minute where traffic is no question.
BUSY = 600


def attempts(upstream="u", **labels):
    return "tidegate_upstream_attempts_total", {"upstream": upstream, "kind": "initial", **labels}


def answers(result):
    return "tidegate_extract_validation_total", {"profile": "p", "result": result}


def calls(verdict):
    return "tidegate_calls_total", {"entry": "unary", "profile": "p", "verdict": verdict}


def retried(outcome):
    return "tidegate_upstream_call_retries_count", {"upstream": "u", "outcome": outcome}


def bucket(metric, le):
    return f"{metric}_bucket", {"le": le, **({"profile": "p"} if "call" in metric else {})}


def parts(part, rest):
    """Counters of what is wrong and of what is not, at `share` of `total` a minute."""
    return lambda total, share: [(part, total * share), (rest, total * (1 - share))]


def beside(part, whole):
    """The same where what is wrong is counted beside the whole and not in it."""
    return lambda total, share: [(part, total * share), (whole, total)]


def alone(part):
    return lambda total, share: [(part, total * share)]


def slower(metric, bound, next_bound):
    """A histogram in which `share` is above `bound`."""
    count = f"{metric}_count", bucket(metric, bound)[1]
    count[1].pop("le")
    return lambda total, share: [
        (bucket(metric, bound), total * (1 - share)),
        (bucket(metric, next_bound), total),
        (bucket(metric, "+Inf"), total),
        (count, total),
    ]


FAILED = dict(outcome="failure", error_type="server_error")
GOOD = attempts(outcome="success")
RETRIES = attempts(kind="retry", outcome="success")


@dataclasses.dataclass(frozen=True)
class Edge:
    """An alert that fires while a share is above `above` in a `window` of so many minutes."""

    alert: str
    series: object
    above: float
    after: int
    lingers: int = 0
    window: int = 5
    # Per second; below it nothing fires. None: there is no floor.
    floor: float | None = 0.1
    # What the share is while the fault is at its worst.
    worst: float = 1
    total: float = BUSY
    severity: str = "warning"

    @property
    def name(self):
        return f"{self.alert}-{self.severity}"


DRIFT = dict(after=10, lingers=5, window=15, floor=0.05)
EDGES = [
    Edge("RetrySpike", beside(RETRIES, GOOD), 0.2, after=5, lingers=5, worst=0.8),
    Edge("RetryStorm", beside(RETRIES, GOOD), 1, after=3, lingers=5, worst=3, severity="critical"),
    Edge(
        "RetryBudgetExhausted",
        alone(("tidegate_upstream_retries_withheld_total", {"upstream": "u", "reason": "budget"})),
        0.05,
        after=5,
        floor=None,
        total=60,
    ),
    Edge("RetriesIneffective", parts(retried("failure"), retried("success")), 0.7, after=15, window=15, floor=0.05),
    Edge("UpstreamFailing", parts(attempts(**FAILED), GOOD), 0.5, after=5, lingers=5),
    Edge(
        "UpstreamRateLimited",
        parts(attempts(outcome="failure", error_type="rate_limited"), GOOD),
        0.05,
        after=10,
        lingers=5,
    ),
    Edge(
        "UpstreamMisconfigured",
        parts(attempts(outcome="failure", error_type="unauthorized"), GOOD),
        0.1,
        after=5,
        lingers=10,
        floor=None,
        severity="critical",
    ),
    Edge("CallsSlow", slower("tidegate_call_duration_seconds", "10.0", "20.0"), 0.1, after=10, lingers=5),
    Edge("CallersLeaving", parts(calls("cancelled"), calls("ok")), 0.2, after=5, lingers=5),
    Edge("CallersLeaving", parts(calls("cancelled"), calls("ok")), 0.9, after=10, lingers=5, severity="critical"),
    Edge("Saturated", parts(calls("saturated"), calls("ok")), 0.01, after=5, lingers=5),
    Edge("OverheadHigh", slower("tidegate_overhead_seconds", "0.05", "0.1"), 0.01, after=10, lingers=5),
    Edge("AnswersEmpty", parts(answers("valid_empty"), answers("valid")), 0.3, **DRIFT),
    Edge("AnswersWithoutContent", parts(answers("empty"), answers("valid")), 0.05, worst=0.3, **DRIFT),
    Edge("AnswersTruncated", parts(answers("truncated"), answers("valid")), 0.05, worst=0.3, **DRIFT),
    Edge("AnswersNotJson", parts(answers("not_json"), answers("valid")), 0.05, worst=0.3, **DRIFT),
    Edge("AnswersSchemaInvalid", parts(answers("schema_invalid"), answers("valid")), 0.1, worst=0.5, **DRIFT),
    Edge("AnswersRefused", parts(answers("refused"), answers("valid")), 0.05, worst=0.3, **DRIFT),
    Edge(
        "EntitiesUngrounded",
        parts(
            ("tidegate_extract_entities_total", {"profile": "p", "alignment": "not_found"}),
            ("tidegate_extract_entities_total", {"profile": "p", "alignment": "exact"}),
        ),
        0.1,
        worst=0.5,
        **DRIFT,
    ),
]


def series(job, counter, phases):
    """A counter in promtool's words that grows by so much a minute for so many minutes, phase by phase."""
    metric, labels = counter
    value, values = 0.0, ["0"]
    for per_minute, minutes in phases:
        values.append(f"{value + per_minute:.6f}+{per_minute:.6f}x{minutes - 1}")
        value += per_minute * minutes
    names = ",".join(f'{name}="{text}"' for name, text in {"job": job, **labels}.items())
    return f"      - {{series: '{metric}{{{names}}}', values: '{' '.join(values)}'}}"


def fault(job, edge, total, share):
    """Health, a fault of this size, health."""
    healthy, faulty = edge.series(total, 0), edge.series(total, share)
    return [
        series(job, counter, [(well, HEALTHY), (ill, FAULTY), (well, AFTER)])
        for (counter, well), (_, ill) in zip(healthy, faulty)
    ]


def firing(job, alert, minute, expected, severity=None):
    """Whether the alert fires then."""
    severity = f',severity="{severity}"' if severity else ""
    expr = f'count(ALERTS{{alertname="Tidegate{alert}",job="{job}",alertstate="firing"{severity}}}) or vector(0)'
    return (
        f"      - {{expr: '{expr}', eval_time: {round(minute * 60)}s, "
        f"exp_samples: [{{labels: '{{}}', value: {int(expected)}}}]}}"
    )


def sharp(edge):
    """A fault at its worst begins to fire `for` after the share has crossed the threshold, and goes on when it is over."""
    job, share = f"{edge.name}-sharp", edge.above / edge.worst
    begins = HEALTHY + share * edge.window + edge.after
    ends = END + (1 - share) * edge.window + edge.lingers
    checks = [(begins - 0.5, False), (begins + 1.5, True), (ends - 1.5, True), (ends + 2, False)]
    fired = [firing(job, edge.alert, minute, expected, edge.severity) for minute, expected in checks]
    return fault(job, edge, edge.total, edge.worst), fired


def sized(edge, name, total, share, expected):
    """A fault of some size, when it has been there for long."""
    job = f"{edge.name}-{name}"
    # Later it might be its own norm.
    minute = HEALTHY + edge.window + edge.after + 3
    return fault(job, edge, total, share), [firing(job, edge.alert, minute, expected, edge.severity)]


def cases(edge):
    yield sharp(edge)
    yield sized(edge, "below", edge.total, edge.above * 0.9, False)
    yield sized(edge, "above", edge.total, edge.above * 1.08, True)
    if edge.floor:
        yield sized(edge, "thin", edge.floor * 60 * 0.9, edge.worst, False)
        yield sized(edge, "thick", edge.floor * 60 * 1.1, edge.worst, True)


def promtool(tmp_path, tests, interval="1m", evaluation="30s"):
    """Asks promtool; `tests` are series and checks."""
    head = [
        f"rule_files: [{RULES}]",
        f"evaluation_interval: {evaluation}",
        f"group_eval_order: [{', '.join(f'tidegate.recording.{group}' for group in GROUPS)}]",
        "tests:",
        f"  - interval: {interval}",
        "    input_series:",
    ]
    lines = head + [line for inputs, _ in tests for line in inputs]
    lines += ["    promql_expr_test:"] + [line for _, checks in tests for line in checks]
    file = tmp_path / "edges.yaml"
    file.write_text("\n".join(lines) + "\n")
    done = subprocess.run([tool("promtool"), "test", "rules", file], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.name)
def test_an_alert_fires_where_and_when_it_should(edge, tmp_path):
    promtool(tmp_path, list(cases(edge)))


@pytest.mark.parametrize(
    "burn, windows, minutes, severity",
    [(14.4, ("1h", "5m"), 2, "critical"), (6, ("6h", "30m"), 15, "critical"), (3, ("1d", "2h"), 60, "warning"),
     (1, ("3d", "6h"), 180, "warning")],
)  # fmt: skip
def test_the_error_budget_burns_at_the_rates_of_the_workbook(burn, windows, minutes, severity, tmp_path):
    """Where failures were there from the beginning, all windows hold the same share."""
    long_window, short_window = windows

    def case(name, total, share, expected):
        counters = parts(calls("upstream_failed"), calls("ok"))(total, share)
        inputs = [series(name, counter, [(rate, minutes + 60)]) for counter, rate in counters]
        windows = f'long_window="{long_window}",short_window="{short_window}",severity="{severity}"'
        alert = f'ALERTS{{alertname="TidegateErrorBudgetBurn",job="{name}",alertstate="firing",{windows}}}'
        checks = [
            f"      - {{expr: 'count({alert}) or vector(0)', eval_time: {minute}m, "
            f"exp_samples: [{{labels: '{{}}', value: {int(fires)}}}]}}"
            for minute, fires in [(minutes, False), (minutes + 2, expected)]
        ]
        return inputs, checks

    budget = 0.005
    promtool(
        tmp_path,
        [
            case("above", BUSY, burn * budget * 1.05, True),
            case("below", BUSY, burn * budget * 0.95, False),
            case("thin", 0.01 * 60 * 0.9, 1, False),
        ],
    )
