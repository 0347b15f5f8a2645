"""Calls at a steady rate, as several services at once make them."""

import collections
import threading
import time

import grpc

# Calls of one service under way; beyond that its callers wait, as real ones would.
UNDER_WAY_MAX = 256
TIMEOUT = 20
# A gateway that comes back is noticed at once.
OPTIONS = [("grpc.max_reconnect_backoff_ms", 500), ("grpc.initial_reconnect_backoff_ms", 100)]


class Stream:
    """The calls of one service. Its own mistakes begin when `faulty` is set."""

    def __init__(self, service, address, faulty):
        self.service = service
        self.codes = collections.Counter()
        self._address, self._faulty = address, faulty
        self._places = threading.Semaphore(UNDER_WAY_MAX)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()

    def stop(self):
        self._over.set()
        self._thread.join()

    def _run(self):
        from tidegate.v1 import extraction_pb2_grpc as rpc

        number, due = 0, time.monotonic()
        with grpc.insecure_channel(self._address, OPTIONS) as channel:
            stub = rpc.ExtractionServiceStub(channel)
            while not self._over.wait(max(0.0, due - time.monotonic())):
                # What could not be called in time is not made up for: that would be a burst.
                due = max(due + 1 / self.service.rate, time.monotonic() - 1)
                self._places.acquire()
                self._call(stub, number)
                number += 1

    def _call(self, stub, number):
        patience = self.service.patience
        call = stub.Extract.future(self._request(number), timeout=TIMEOUT if patience is None else None)
        if patience is not None:
            leaving = threading.Timer(patience, call.cancel)
            leaving.daemon = True
            leaving.start()
        call.add_done_callback(self._ended)

    def _request(self, number):
        from tidegate.v1 import extraction_pb2 as pb

        text = self.service.text(number)
        if self.service.properties and self._faulty.is_set():
            inline = pb.InlineProfile(schema=self.service.schema(number), instructions="Extract the named entities.")
            return pb.ExtractRequest(text=text, inline=inline)
        return pb.ExtractRequest(text=text, profile=self.service.name)

    def _ended(self, call):
        self._places.release()
        self.codes[call.code().name] += 1
