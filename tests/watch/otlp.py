"""An OTLP collector that takes everything and keeps nothing."""

from concurrent import futures

import grpc


class Collector:
    """Listens on one port, whenever it is up."""

    def __init__(self, port):
        self.endpoint = f"http://127.0.0.1:{port}"
        self._address = f"127.0.0.1:{port}"
        self._server = None

    def start(self):
        self._server = grpc.server(futures.ThreadPoolExecutor(2), handlers=[self])
        self._server.add_insecure_port(self._address)
        self._server.start()

    def stop(self):
        if self._server:
            self._server.stop(grace=None).wait()
            self._server = None

    def service(self, _details):
        """An empty message says that everything was accepted."""
        return grpc.unary_unary_rpc_method_handler(lambda _request, _context: b"")
