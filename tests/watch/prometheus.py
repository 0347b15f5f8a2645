"""A real Prometheus and a real Alertmanager, and what can be asked of them."""

import json
import urllib.error
import urllib.parse
import urllib.request

from processes import Process, free_port, tool

SCRAPE_INTERVAL = "1s"


class Prometheus:
    """Scrapes `targets` once a second as the job `tidegate`, and evaluates `rules`."""

    def __init__(self, directory, rules, targets, alertmanager):
        self.url = f"http://127.0.0.1:{free_port()}"
        self._more = directory / "more_targets.json"
        self.also_scrape([])
        config = directory / "prometheus.yml"
        config.write_text(
            json.dumps(
                {
                    "global": {"scrape_interval": SCRAPE_INTERVAL, "scrape_timeout": SCRAPE_INTERVAL},
                    "rule_files": [str(rules)],
                    "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
                    "scrape_configs": [
                        {
                            "job_name": "tidegate",
                            "static_configs": [{"targets": targets}],
                            "file_sd_configs": [{"files": [str(self._more)], "refresh_interval": "1s"}],
                        },
                        {"job_name": "prometheus", "static_configs": [{"targets": [self.url.split("//")[1]]}]},
                    ],
                }
            )
        )
        command = [
            tool("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={directory / 'prometheus'}",
            f"--web.listen-address={self.url.split('//')[1]}",
            "--enable-feature=exemplar-storage",
            "--log.level=warn",
        ]
        self.process = Process("prometheus", command, directory, f"{self.url}/-/ready")

    def start(self):
        self.process.start()

    def stop(self):
        self.process.stop()

    def also_scrape(self, targets):
        """Scrapes these too, as further instances of the same job."""
        new = self._more.with_suffix(".new")
        new.write_text(json.dumps([{"targets": targets}]))
        new.rename(self._more)

    def rules(self):
        """The groups of rules."""
        return self._get("rules")["groups"]

    def query(self, expression):
        """The samples of an instant vector: labels and value."""
        result = self._get("query", query=expression)["result"]
        return [(series["metric"], float(series["value"][1])) for series in result]

    def query_range(self, expression, start, end, step):
        """All values of all series."""
        result = self._get("query_range", query=expression, start=start, end=end, step=step)["result"]
        return [(series["metric"], [float(value) for _, value in series["values"]]) for series in result]

    def label_values(self, selector, label, start, end):
        """The values of a label in the series that a selector finds."""
        return self._get(f"label/{label}/values", **{"match[]": selector}, start=start, end=end)

    def series(self, selector, start, end):
        """The series that a selector finds."""
        return self._get("series", **{"match[]": selector}, start=start, end=end)

    def _get(self, path, **parameters):
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as reply:
                return json.load(reply)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"Prometheus refuses {path} {parameters}: {error.read().decode()}") from error


class Alertmanager:
    """Tells the webhook of each alert by itself, as soon as it can."""

    def __init__(self, directory, webhook_url):
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        config = directory / "alertmanager.yml"
        config.write_text(
            json.dumps(
                {
                    "route": {
                        "receiver": "webhook",
                        "group_by": ["..."],
                        "group_wait": "0s",
                        "group_interval": "1s",
                        "repeat_interval": "1h",
                    },
                    "receivers": [
                        {"name": "webhook", "webhook_configs": [{"url": webhook_url, "send_resolved": True}]}
                    ],
                }
            )
        )
        command = [
            tool("alertmanager"),
            f"--config.file={config}",
            f"--storage.path={directory / 'alertmanager'}",
            f"--web.listen-address={self.address}",
            "--cluster.listen-address=",
            "--log.level=warn",
        ]
        self.process = Process("alertmanager", command, directory, f"http://{self.address}/-/ready")

    def start(self):
        self.process.start()

    def stop(self):
        self.process.stop()
