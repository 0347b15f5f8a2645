"""Gateways and everything around them: the AI API, the collector, the callers, Prometheus, Alertmanager."""

import contextlib
import http.server
import threading
import urllib.request

from gateway import Gateway
from load import Stream
from otlp import Collector
from processes import TIDEGATE, Process, free_port
from prometheus import Alertmanager, Prometheus
from services import GATEWAYS, SERVICES, calm_script
from webhook import Webhook


class Simulator:
    """The AI API."""

    def __init__(self, directory):
        port = free_port()
        self.base_url = f"http://127.0.0.1:{port}/v1"
        self._script_url = f"http://127.0.0.1:{port}/_script"
        command = [TIDEGATE, "simulate", "--listen", f"127.0.0.1:{port}"]
        self.process = Process("simulator", command, directory, f"http://127.0.0.1:{port}/_log")

    def start(self):
        self.process.start()
        self.script(calm_script())

    def stop(self):
        self.process.stop()

    def script(self, toml):
        """What goes wrong from here on."""
        urllib.request.urlopen(urllib.request.Request(self._script_url, toml.encode(), method="PUT")).close()


class Pretender:
    """A target that is up and knows nothing of calls, like a gateway whose metrics were renamed."""

    def __init__(self):
        port = free_port()
        self.address = f"127.0.0.1:{port}"

        class Page(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("content-type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(b"# TYPE renamed_total counter\nrenamed_total 1\n")

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Page)

    def start(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class World:
    """All of it. Parts start in the order in which they need each other and end in the opposite one."""

    def __init__(self, directory, rules):
        directory.mkdir()
        self.simulator = Simulator(directory)
        self.collector = Collector(free_port())
        base_url, collector = self.simulator.base_url, self.collector.endpoint
        self.gateways = {g.name: Gateway(g, base_url, collector, directory) for g in GATEWAYS}
        self.pretender = Pretender()
        self.webhook = Webhook(free_port())
        self.alertmanager = Alertmanager(directory, self.webhook.url)
        targets = [gateway.admin for gateway in self.gateways.values()]
        self.prometheus = Prometheus(directory, rules, targets, self.alertmanager.address)
        self.faulty = threading.Event()
        self.streams = [Stream(s, self.gateways[s.gateway].address, self.faulty) for s in SERVICES]
        self._parts = [
            self.simulator,
            self.collector,
            *self.gateways.values(),
            self.pretender,
            self.webhook,
            self.alertmanager,
            self.prometheus,
            *self.streams,
        ]
        self._running = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as running:
            for part in self._parts:
                running.callback(part.stop)
                part.start()
            self._running = running.pop_all()
        return self

    def __exit__(self, *_):
        self._running.close()
