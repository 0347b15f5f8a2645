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
