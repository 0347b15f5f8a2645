"""A crowd of callers between a good upstream and a bad one, for pictures of the live page."""

import concurrent.futures
import contextlib
import math
import random
import time

import grpc

from conftest import Gateway, Simulator

GOOD = """
latency = { kind = "lognormal", median = "40ms", p99 = "400ms" }
[[fault]]
fault = "status"
status = 503
share = 0.015
[[fault]]
fault = "reset"
share = 0.005
[[fault]]
fault = "zero_entities"
share = 0.06
"""

BAD = """
latency = { kind = "lognormal", median = "80ms", p99 = "900ms" }
[[fault]]
fault = "status"
status = 503
share = 0.12
[[fault]]
fault = "status"
status = 429
retry_after = "300ms"
retry_after_form = "ms"
share = 0.06
[[fault]]
fault = "reset"
share = 0.03
"""

# Traces are sampled for a collector that need not be there: nothing of them is in the picture but their ids.
PROFILES = """
trace_ratio = 1.0
otlp_traces_endpoint = "http://127.0.0.1:9"
[upstreams.economy]
dialect = "openai"
base_url = "{base_url}"
model = "simulated"
[profiles.entities]
route = ["simulator"]
[profiles.inline]
route = ["simulator"]
[profiles.invoices]
route = ["economy"]
instructions = "Find people and dates."
schema_file = "{schema}"
"""

SCHEMA = """
{"type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"], "additionalProperties": false}
"""


class Scene:
    def __init__(self, gateway, channel):
        from tidegate.v1 import extraction_pb2_grpc as rpc

        self.gateway = gateway
        self.stub = rpc.ExtractionServiceStub(channel)

    def call(self, text, profile, timeout):
        from tidegate.v1 import extraction_pb2 as pb

        with contextlib.suppress(grpc.RpcError):
            self.stub.Extract(pb.ExtractRequest(text=text, profile=profile), timeout=timeout)

    def play(self, seconds, seed=3):
        """Calls at a rate that comes and goes, some of them identical."""
        dice = random.Random(seed)
        end = time.monotonic() + seconds
        number = 0
        with concurrent.futures.ThreadPoolExecutor(64) as callers:
            while time.monotonic() < end:
                number += 1
                known = dice.random() < 0.45
                text = f"Grace Hopper wrote letter {dice.randrange(40) if known else number + 1000} on 2027-01-15."
                profile = "entities" if dice.random() < 0.75 else "invoices"
                timeout = dice.choice([10, 5, 2])
                for _ in range(3 if dice.random() < 0.05 else 1):
                    callers.submit(self.call, text, profile, timeout)
                time.sleep(dice.expovariate(14 + 8 * math.sin(time.monotonic() / 7)))


@contextlib.contextmanager
def scene(directory):
    """A gateway with two upstreams."""
    good, bad = Simulator(), Simulator()
    good.script(GOOD)
    bad.script(BAD)
    schema = directory / "invoices.schema.json"
    schema.write_text(SCHEMA)
    more = PROFILES.format(base_url=bad.base_url, schema=schema)
    gateway = Gateway(good.base_url, directory, more)
    try:
        with grpc.insecure_channel(gateway.address) as channel:
            yield Scene(gateway, channel)
    finally:
        for running in (gateway, good, bad):
            running.process.stop()
