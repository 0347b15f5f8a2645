"""One call to Tidegate from Python.

Set-up, from the root of the repository:

    python3 -m venv venv && . venv/bin/activate
    pip install grpcio grpcio-status grpcio-tools
    mkdir -p stubs
    python -m grpc_tools.protoc -I proto --python_out=stubs --grpc_python_out=stubs \\
        proto/tidegate/v1/extraction.proto
    PYTHONPATH=stubs python examples/clients/python/extract.py 127.0.0.1:50051 "Ada Lovelace met Grace Hopper in London."
"""

import sys

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from tidegate.v1 import extraction_pb2 as pb
from tidegate.v1 import extraction_pb2_grpc as rpc


def extract(address: str, text: str, timeout: float = 10.0) -> pb.ExtractResponse:
    """Calls Extract once. Tidegate retries by itself, within `timeout` seconds."""
    with grpc.insecure_channel(address) as channel:
        stub = rpc.ExtractionServiceStub(channel)
        return stub.Extract(pb.ExtractRequest(text=text), timeout=timeout)


def explain(error: grpc.RpcError) -> str:
    """What went wrong, why, and whether calling again can help."""
    reason = retry = ""
    status = rpc_status.from_call(error)
    for detail in status.details if status else []:
        info, delay = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            reason = info.reason
        if detail.Unpack(delay):
            retry = f"; call again in {delay.retry_delay.ToTimedelta().total_seconds():.1f} s"
    return f"{error.code().name} {reason}: {error.details()}{retry}"


def main() -> int:
    if len(sys.argv) != 3:
        print("usage: extract.py HOST:PORT TEXT", file=sys.stderr)
        return 2
    address, text = sys.argv[1:]
    try:
        response = extract(address, text)
    except grpc.RpcError as error:
        print(explain(error), file=sys.stderr)
        return 1
    for entity in response.extraction.entities:
        print(f"{entity.type:<14}{entity.text:<32}{entity.start}..{entity.end}")
    for attempt in response.info.attempts:
        print(f"attempt {attempt.number} ({attempt.kind}): {attempt.error_type or attempt.outcome}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
