"""One call to Tidegate from Python: deadline, credential, cancellation, and all that an error tells.

How to set it up and run it stands in README.md, one folder up.
"""

import json
import os
import sys

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from tidegate.v1 import extraction_pb2 as pb
from tidegate.v1 import extraction_pb2_grpc as rpc

# Tidegate retries what the AI API fails, from a budget: a second layer of retries would multiply them. So only
# UNAVAILABLE is tried again, once: a gateway that restarts. When the AI API is why, `grpc-retry-pushback-ms` tells
# this library not to, or when. `timeout` is the most that a call may take.
SERVICE_CONFIG = {
    "methodConfig": [
        {
            "name": [{"service": "tidegate.v1.ExtractionService"}],
            "timeout": "60s",
            "retryPolicy": {
                "maxAttempts": 2,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}


def open_channel(address: str) -> grpc.Channel:
    """A channel to HOST:PORT, or to https://HOST:PORT. Keep one per process: it is safe to share."""
    options = [("grpc.service_config", json.dumps(SERVICE_CONFIG))]
    if address.startswith("https://"):
        return grpc.secure_channel(address.removeprefix("https://"), grpc.ssl_channel_credentials(), options)
    return grpc.insecure_channel(address, options)


def extract(channel: grpc.Channel, text: str, seconds: float) -> pb.ExtractResponse:
    """Calls Extract with a deadline. Ctrl-C cancels the call, and with it the work that nobody else waits for."""
    key = os.environ.get("TIDEGATE_API_KEY")
    metadata = [("authorization", f"Bearer {key}")] if key else None
    stub = rpc.ExtractionServiceStub(channel)
    call = stub.Extract.future(pb.ExtractRequest(text=text), timeout=seconds, metadata=metadata)
    try:
        return call.result()
    except KeyboardInterrupt:
        call.cancel()
        raise


def explain(error: grpc.RpcError) -> str:
    """What went wrong and why, when calling again can help, and every attempt that was made."""
    info, retry, trail = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo(), pb.ExtractionInfo()
    status = rpc_status.from_call(error)
    for detail in status.details if status else []:
        for message in (info, retry, trail):
            detail.Unpack(message)  # does nothing when the type is another
    lines = [f"{error.code().name} {info.reason or '-'}: {error.details()}"]
    lines += [f"{key}={value}" for key, value in sorted(info.metadata.items())]
    if retry.HasField("retry_delay"):
        lines.append(f"call again in {retry.retry_delay.ToTimedelta().total_seconds():.3f} s")
    for attempt in trail.attempts:
        outcome = attempt.error_type or attempt.outcome
        lines.append(f"attempt {attempt.number} {attempt.kind} {attempt.upstream} {outcome}")
    return "\n".join(lines)


def describe(entity: pb.Entity, text: str) -> str:
    """One line: type, start, end, words. Places count code points, and so does a Python string."""
    if entity.alignment == pb.ALIGNMENT_NOT_FOUND:
        return f"{entity.type}\t-\t-\t{entity.text}"
    return f"{entity.type}\t{entity.start}\t{entity.end}\t{text[entity.start : entity.end]}"


def main(arguments: list[str]) -> int:
    if len(arguments) not in (2, 3):
        print("usage: extract.py [https://]HOST:PORT TEXT [SECONDS]", file=sys.stderr)
        return 2
    address, text, seconds = arguments[0], arguments[1], float(arguments[2]) if arguments[2:] else 10.0
    try:
        with open_channel(address) as channel:
            response = extract(channel, text, seconds)
    except grpc.RpcError as error:
        print(explain(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("CANCELLED -: interrupted", file=sys.stderr)
        return 1
    for entity in response.extraction.entities:
        print(describe(entity, text))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
