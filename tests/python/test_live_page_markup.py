"""An AI API that answers in markup, and callers who write it: none of it may become part of the live page."""

import http.server
import json
import threading

import grpc
import pytest
from playwright.sync_api import expect

from conftest import Gateway

# Runs if it is ever parsed, and leaves an element that can be found.
MARKUP = '"><img src=x class=planted onerror="window.planted=1"><script>window.planted=1</script>'


def error(**fields):
    return {"error": {"message": MARKUP, "type": MARKUP, "param": MARKUP, "code": MARKUP} | fields}


def completion(content, **fields):
    choice = {"finish_reason": "stop", "message": {"role": "assistant", "content": content}} | fields
    return {"id": MARKUP, "model": MARKUP, "choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 3}}


def entities(*types):
    return json.dumps({"entities": [{"text": "Ada", "type": kind} for kind in types]})


# What each text is answered with: status, headers, body.
ANSWERS = {
    "an error": (500, {}, error()),
    "a limit": (429, {"retry-after": MARKUP, "x-ratelimit-reset": MARKUP}, error(code="rate_limit_exceeded")),
    "a parameter": (400, {}, error(type="invalid_request_error", param=MARKUP)),
    "a page": (502, {"content-type": "text/html"}, f"<html>{MARKUP}</html>"),
    "prose": (200, {}, completion(MARKUP)),
    "an end": (200, {}, completion("{}", finish_reason=MARKUP)),
    "a refusal": (200, {}, completion(None, message={"role": "assistant", "refusal": MARKUP})),
    "a type": (200, {"x-request-id": MARKUP}, completion(entities(MARKUP, "person"))),
    "a property": (200, {}, completion(json.dumps({MARKUP: MARKUP, "entities": MARKUP}))),
}


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers by what stands in the question."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        question = self.rfile.read(int(self.headers["content-length"])).decode()
        status, headers, body = next(answer for text, answer in ANSWERS.items() if f"Ada brings {text}" in question)
        body = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status, MARKUP)
        for name, value in ({"content-type": "application/json"} | headers).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing."""


@pytest.fixture
def gateway(tmp_path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    running = Gateway(f"http://127.0.0.1:{server.server_port}/v1", tmp_path, more="[retry]\nmax_attempts = 2")
    yield running
    assert running.process.stop() == 0
    server.shutdown()
    server.server_close()


def rules(name, kind):
    """Rules of a caller's own, that demand one property."""
    schema = {"type": "object", "properties": {name: {"type": kind}}, "required": [name]}
    return {"schema": json.dumps(schema), "instructions": MARKUP}


def call(gateway, text, **fields):
    """How a call ends."""
    from tidegate.v1 import extraction_pb2 as pb, extraction_pb2_grpc as rpc

    with grpc.insecure_channel(gateway.address) as channel:
        try:
            rpc.ExtractionServiceStub(channel).Extract(pb.ExtractRequest(text=text, **fields), timeout=20)
            return "OK"
        except grpc.RpcError as error:
            return error.code().name


def test_no_markup_of_others_becomes_part_of_the_page(browser, gateway):
    ends = {text: call(gateway, f"Ada brings {text}") for text in ANSWERS}
    assert "OK" not in ends.values(), ends
    assert call(gateway, "Ada brings a type", inline=rules("entities", "array")) == "OK"
    assert call(gateway, "Ada brings a property", inline=rules(MARKUP, "string")) == "OK"
    assert call(gateway, "Ada brings a property", inline=rules(MARKUP, "number")) == "INTERNAL"
    assert call(gateway, "Ada", profile=MARKUP) == "INVALID_ARGUMENT"
    brought = len(ANSWERS) + 4
    context = browser.new_context()
    page = context.new_page()
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
    page.goto(f"http://{gateway.admin}/")
    calls = page.locator("#calls button.call")
    expect(calls).to_have_count(brought)
    for number in range(brought):
        calls.nth(number).click()
    assert page.evaluate("window.planted") is None
    assert page.locator(".planted").count() == 0
    # Not even as text: words of others reach no telemetry, and so no page.
    assert "planted" not in page.content()
    context.close()
