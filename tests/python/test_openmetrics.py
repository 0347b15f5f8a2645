"""The page of metrics, as those read it who are strict about it: prometheus_client's parser and Prometheus."""

import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from concurrent import futures

import grpc
import pytest
from conftest import Gateway
from prometheus_client import parser as text
from prometheus_client.openmetrics import parser as openmetrics
from tools import free_port, tool, until

# What moves between two looks at the page.
MOVING = ("process_", "tidegate_runtime_")

# What Prometheus sends as it is, and with native histograms switched on.
ACCEPT = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
ACCEPT_PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
    "application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
# Series that lead from a graph to a trace.
TRACED = {
    "rpc_server_call_duration_seconds_bucket",
    "tidegate_call_duration_seconds_bucket",
    "tidegate_overhead_seconds_bucket",
    "http_client_request_duration_seconds_bucket",
    "gen_ai_client_operation_duration_seconds_bucket",
    "tidegate_upstream_call_retries_bucket",
    "tidegate_upstream_call_retry_delay_seconds_bucket",
    "tidegate_upstream_attempts_total",
    "tidegate_upstream_retries_total",
}


class Collector:
    """Takes what is exported over OTLP and looks at nothing but the bytes."""

    def __init__(self):
        self.exports = []
        self.server = grpc.server(futures.ThreadPoolExecutor(2))
        self.server.add_generic_rpc_handlers([self])
        self.endpoint = f"http://127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def service(self, details):
        def take(request, _context):
            self.exports.append((details.method, request))
            return b""

        return grpc.unary_unary_rpc_method_handler(take)

    def has(self, trace_id):
        exported = [request for method, request in self.exports if "TraceService" in method]
        return any(bytes.fromhex(trace_id) in request for request in exported)


@pytest.fixture(scope="module")
def collector():
    running = Collector()
    yield running
    running.server.stop(grace=None)


@pytest.fixture(scope="module")
def traced(simulator, collector, tmp_path_factory):
    """A gateway whose calls are all traced, after one call that succeeded at its third attempt."""
    from tidegate.v1 import extraction_pb2 as pb
    from tidegate.v1 import extraction_pb2_grpc as rpc

    telemetry = f'otlp_endpoint = "{collector.endpoint}"'
    running = Gateway(simulator.base_url, tmp_path_factory.mktemp("traced"), telemetry)
    simulator.script('[[fault]]\nfault = "status"\nstatus = 503\nfirst = 2\n')
    with grpc.insecure_channel(running.address) as channel:
        request = pb.ExtractRequest(text="Grace Hopper went to Berlin and met Ada Lovelace.")
        running.trace_id = rpc.ExtractionServiceStub(channel).Extract(request, timeout=20).info.trace_id
    until(lambda: b"rpc_server_call_duration_seconds_count{" in page(running)[0], "the end of the call")
    yield running
    assert running.process.stop() == 0


def page(gateway, accept=None):
    """The page and its headers."""
    request = urllib.request.Request(f"http://{gateway.admin}/metrics", headers={"accept": accept} if accept else {})
    with urllib.request.urlopen(request) as answer:
        return answer.read(), answer.headers


def strict(body):
    return list(openmetrics.text_string_to_metric_families(body.decode()))


def values(families):
    """All samples but those that change by themselves."""
    samples = [sample for family in families for sample in family.samples]
    found = {(name, frozenset(labels.items())): value for name, labels, value, *_ in samples}
    assert len(found) == len(samples), "a series stands there twice"
    return {series: value for series, value in found.items() if not series[0].startswith(MOVING)}


def test_the_form_is_the_one_that_was_asked_for(traced):
    for accept, kind in [
        (ACCEPT, "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        (ACCEPT_PROTOBUF, "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        ("application/openmetrics-text;version=0.0.1", "application/openmetrics-text; version=0.0.1; charset=utf-8"),
        ("text/plain", "text/plain; version=0.0.4; charset=utf-8"),
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
        (None, "text/plain; version=0.0.4; charset=utf-8"),
    ]:
        body, headers = page(traced, accept)
        assert headers["content-type"] == kind, accept
        assert headers["vary"] == "accept"
        assert body.endswith(b"# EOF\n") == ("openmetrics" in kind)


def test_both_forms_say_the_same_and_neither_has_a_summary(traced):
    plain = list(text.text_string_to_metric_families(page(traced, "text/plain")[0].decode()))
    open_metrics = strict(page(traced, ACCEPT)[0])
    told = {family.name: (family.type, family.documentation) for family in plain}
    assert told == {family.name: (family.type, family.documentation) for family in open_metrics}
    assert {family.type for family in plain} == {"counter", "gauge", "histogram"}
    assert values(plain) == values(open_metrics)
    for family in open_metrics:
        assert family.documentation
        assert family.unit == next((unit for unit in ["seconds", "bytes"] if family.name.endswith(f"_{unit}")), "")


def test_exemplars_lead_to_the_trace_of_the_call(traced, collector):
    samples = [sample for family in strict(page(traced, ACCEPT)[0]) for sample in family.samples if sample.exemplar]
    assert {sample.name for sample in samples} == TRACED
    for sample in samples:
        exemplar = sample.exemplar
        assert exemplar.labels["trace_id"] == traced.trace_id
        assert len(exemplar.labels["span_id"]) == 16
        assert exemplar.timestamp is not None
        assert exemplar.value <= float(sample.labels.get("le", "inf"))
    kinds = {sample.labels["kind"] for sample in samples if sample.name == "tidegate_upstream_attempts_total"}
    assert kinds == {"initial", "retry"}
    until(lambda: collector.has(traced.trace_id), "the trace that the exemplars lead to")


def test_an_unsampled_call_is_counted_and_leaves_no_exemplar(simulator, collector, tmp_path):
    from tidegate.v1 import extraction_pb2 as pb
    from tidegate.v1 import extraction_pb2_grpc as rpc

    simulator.script("")
    telemetry = f'otlp_endpoint = "{collector.endpoint}"\ntrace_ratio = 0.0'
    gateway = Gateway(simulator.base_url, tmp_path, telemetry)
    try:
        with grpc.insecure_channel(gateway.address) as channel:
            request = pb.ExtractRequest(text="Alan Turing.")
            info = rpc.ExtractionServiceStub(channel).Extract(request, timeout=20).info
        assert len(info.trace_id) == 32
        until(lambda: b"rpc_server_call_duration_seconds_count{" in page(gateway)[0], "the end of the call")
        families = strict(page(gateway, ACCEPT)[0])
        samples = [sample for family in families for sample in family.samples]
        assert not [sample for sample in samples if sample.exemplar]
        calls = [sample.value for sample in samples if sample.name == "tidegate_calls_total"]
        assert sum(calls) == 1
    finally:
        assert gateway.process.stop() == 0
    assert not collector.has(info.trace_id)


@pytest.fixture(params=["exemplar-storage", "exemplar-storage,native-histograms"])
def prometheus(request, traced, tmp_path):
    """A real Prometheus that scrapes the gateway every second; the URL of its API."""
    program, port = tool("prometheus"), free_port()
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": [{"job_name": "tidegate", "static_configs": [{"targets": [traced.admin]}]}],
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(config))
    arguments = [
        f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--enable-feature={request.param}",
    ]
    with open(tmp_path / "log", "w") as log, subprocess.Popen([program, *arguments], stderr=log) as child:
        yield f"http://127.0.0.1:{port}/api/v1"
        child.terminate()


def ask(api, path, **parameters):
    """The data of an answer; nothing while Prometheus is not there yet."""
    try:
        with urllib.request.urlopen(f"{api}/{path}?{urllib.parse.urlencode(parameters)}") as answer:
            data = json.load(answer)["data"]
            return data["result"] if "result" in data else data
    except (ConnectionError, urllib.error.URLError):
        return None


def test_prometheus_stores_the_series_and_their_exemplars(traced, prometheus):
    up = until(lambda: ask(prometheus, "query", query='up{job="tidegate"}'), "the first scrape")
    assert [sample["value"][1] for sample in up] == ["1"], ask(prometheus, "targets")
    for name in sorted(TRACED):
        times = {"start": "2020-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}
        series = until(lambda: ask(prometheus, "query_exemplars", query=name, **times), f"exemplars of {name}")
        found = {exemplar["labels"]["trace_id"] for one in series for exemplar in one["exemplars"]}
        assert found == {traced.trace_id}, name
    retries = ask(prometheus, "query", query='sum(tidegate_upstream_attempts_total{kind="retry"})')
    assert [sample["value"][1] for sample in retries] == ["2"]
    slow = ask(prometheus, "query", query='tidegate_call_duration_seconds_bucket{le="1.0"}')
    assert slow, "a bound is spelt as in the page"
    # Prometheus 2 keeps what it knows of a counter under the name of its family.
    [[told]] = ask(prometheus, "metadata", metric="tidegate_upstream_retries").values()
    assert told["type"] == "counter" and told["help"]
