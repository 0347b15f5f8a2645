"""Hears what Alertmanager has to say, and when."""

import dataclasses
import http.server
import json
import threading
import time


@dataclasses.dataclass(frozen=True)
class Notice:
    """One alert that began to fire, or that is over."""

    at: float
    status: str  # firing or resolved
    labels: dict


class Webhook:
    """A receiver for Alertmanager."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}/"
        self.notices = []
        webhook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                webhook._hear(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)

    def start(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def of(self, case, since=0.0):
        """The notices that are about this case."""
        return [notice for notice in list(self.notices) if notice.at >= since and case.explains(notice.labels)]

    def firing(self):
        """The labels of what fires now."""
        last = {tuple(sorted(notice.labels.items())): notice for notice in list(self.notices)}
        return [notice.labels for notice in last.values() if notice.status == "firing"]

    def _hear(self, message):
        """Alertmanager may repeat itself: only news are kept."""
        at = time.time()
        for alert in message["alerts"]:
            last = next((n for n in reversed(self.notices) if n.labels == alert["labels"]), None)
            if last is None or last.status != alert["status"]:
                self.notices.append(Notice(at, alert["status"], alert["labels"]))
