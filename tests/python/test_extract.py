"""Extract as a Python service calls it: grpcio, generated code, standard error details."""

import json

import grpc
import pytest


@pytest.fixture
def stub(gateway):
    from tidegate.v1 import extraction_pb2_grpc as rpc

    with grpc.insecure_channel(gateway.address) as channel:
        yield rpc.ExtractionServiceStub(channel)


def request(text, **fields):
    from tidegate.v1 import extraction_pb2 as pb

    return pb.ExtractRequest(text=text, **fields)


def test_entities_are_found_where_they_stand(stub, simulator):
    simulator.script("")
    text = "Zoë – Ada Lovelace wrote to grace@example.com on 2026-11-23."
    response = stub.Extract(request(text), timeout=10)
    found = {(entity.type, text[entity.start : entity.end]) for entity in response.extraction.entities}
    assert ("person", "Ada Lovelace") in found
    assert ("email", "grace@example.com") in found
    assert all(text[entity.start : entity.end] == entity.text for entity in response.extraction.entities)
    assert json.loads(response.extraction.result_json)["entities"]
    assert len(response.info.trace_id) == 32


def test_failures_are_retried_out_of_sight_and_told_in_the_trail(stub, simulator):
    simulator.script('[[fault]]\nfault = "status"\nstatus = 503\nfirst = 2\n')
    response = stub.Extract(request("Grace Hopper went to Berlin."), timeout=10)
    attempts = response.info.attempts
    assert [attempt.kind for attempt in attempts] == ["initial", "retry", "retry"]
    assert [attempt.http_status for attempt in attempts] == [503, 503, 200]
    assert len(simulator.arrivals()) == 3


def test_a_second_identical_call_is_answered_from_the_cache(stub, simulator):
    from tidegate.v1 import extraction_pb2 as pb

    simulator.script("")
    stub.Extract(request("Alan Turing lived in London."), timeout=10)
    response = stub.Extract(request("Alan Turing lived in London."), timeout=10)
    assert response.info.cache == pb.CACHE_OUTCOME_HIT
    assert len(simulator.arrivals()) == 1


def test_our_deadline_exceeded_beats_the_transport(stub, simulator):
    from extract import explain

    simulator.script('[[fault]]\nfault = "silent"\n')
    with pytest.raises(grpc.RpcError) as raised:
        stub.Extract(request("Silence."), timeout=0.4)
    # Python's own timer runs to the same instant as the gateway's promise; the gateway answers before it.
    assert raised.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert "DEADLINE_EXCEEDED DEADLINE_EXCEEDED" in explain(raised.value)


def test_a_bad_request_names_its_fields(stub):
    from google.rpc import error_details_pb2
    from grpc_status import rpc_status

    with pytest.raises(grpc.RpcError) as raised:
        stub.Extract(request("  ", idempotency_key="käse"), timeout=10)
    assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    bad = error_details_pb2.BadRequest()
    assert any(detail.Unpack(bad) for detail in rpc_status.from_call(raised.value).details)
    assert {violation.field for violation in bad.field_violations} == {"text", "idempotency_key"}
    assert dict(raised.value.trailing_metadata())["grpc-retry-pushback-ms"] == "-1"


def test_an_exhausted_upstream_says_why_and_what_was_tried(stub, simulator):
    from extract import explain

    simulator.script('[[fault]]\nfault = "status"\nstatus = 503\n')
    with pytest.raises(grpc.RpcError) as raised:
        stub.Extract(request("Nobody answers this."), timeout=10)
    assert raised.value.code() == grpc.StatusCode.UNAVAILABLE
    assert "UPSTREAM_OVERLOADED" in explain(raised.value)
    assert len(simulator.arrivals()) == 4


RETRY_POLICY = {
    "maxAttempts": 3,
    "initialBackoff": "0.01s",
    "maxBackoff": "0.1s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["RESOURCE_EXHAUSTED", "UNAVAILABLE"],
}


@pytest.fixture
def retrying_stub(gateway):
    """Of a channel whose library repeats calls by itself."""
    from tidegate.v1 import extraction_pb2_grpc as rpc

    config = {"methodConfig": [{"name": [{"service": "tidegate.v1.ExtractionService"}], "retryPolicy": RETRY_POLICY}]}
    options = [("grpc.service_config", json.dumps(config)), ("grpc.enable_retries", 1)]
    with grpc.insecure_channel(gateway.address, options=options) as channel:
        yield rpc.ExtractionServiceStub(channel)


@pytest.mark.parametrize("wait", [30, 18000])
def test_a_wait_beyond_the_deadline_keeps_its_reason_from_a_retrying_library(retrying_stub, simulator, wait):
    from google.rpc import error_details_pb2
    from grpc_status import rpc_status
    from tidegate.v1 import extraction_pb2 as pb

    simulator.script(f'[[fault]]\nfault = "status"\nstatus = 429\nretry_after = "{wait}s"\n')
    with pytest.raises(grpc.RpcError) as raised:
        retrying_stub.Extract(request(f"Wait for {wait} seconds."), timeout=8)
    # A library that sleeps until its deadline reports DEADLINE_EXCEEDED, without a word of ours.
    assert raised.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    details = rpc_status.from_call(raised.value).details
    why, when, how = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo(), pb.ExtractionInfo()
    assert all(any(detail.Unpack(kind) for detail in details) for kind in (why, when, how))
    assert why.reason == "UPSTREAM_RATE_LIMITED"
    assert wait <= when.retry_delay.seconds <= wait * 1.2
    assert [attempt.http_status for attempt in how.attempts] == [429]
    assert len(simulator.arrivals()) == 1


def test_a_wait_within_the_deadline_is_followed_by_a_retrying_library(retrying_stub, simulator):
    simulator.script('[[fault]]\nfault = "status"\nstatus = 429\nretry_after = "1s"\nfirst = 1\n')
    response = retrying_stub.Extract(request("Ada Lovelace waits for a second.", max_attempts=1), timeout=10)
    assert len(response.info.attempts) == 1
    assert [arrival["status"] for arrival in simulator.arrivals()] == [429, 200]


def test_a_compressed_message_is_read(gateway, simulator):
    from tidegate.v1 import extraction_pb2_grpc as rpc

    simulator.script("")
    with grpc.insecure_channel(gateway.address, compression=grpc.Compression.Gzip) as channel:
        text = "Ada Lovelace is named again and again. " * 200
        response = rpc.ExtractionServiceStub(channel).Extract(request(text), timeout=10)
    assert "Ada Lovelace" in {entity.text for entity in response.extraction.entities}


def test_what_is_compressed_otherwise_is_answered_in_our_words(gateway, simulator):
    from extract import explain
    from tidegate.v1 import extraction_pb2_grpc as rpc

    simulator.script("")
    with grpc.insecure_channel(gateway.address, compression=grpc.Compression.Deflate) as channel:
        with pytest.raises(grpc.RpcError) as raised:
            rpc.ExtractionServiceStub(channel).Extract(request("Deflated. " * 100), timeout=10)
    assert raised.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert "NOT_AVAILABLE_YET" in explain(raised.value)
