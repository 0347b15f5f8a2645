"""Gateways: one instance each, with the configuration that its services need."""

import json

from processes import TIDEGATE, Process, free_port
from services import SCHEMA, SERVICES


class Gateway:
    """One instance. Its addresses stay the same over restarts."""

    def __init__(self, gateway, base_url, collector, directory):
        self.address, self.admin = (f"127.0.0.1:{free_port()}" for _ in range(2))
        services = [service.name for service in SERVICES if service.gateway == gateway.name]
        (directory / "schema.json").write_text(json.dumps(SCHEMA))
        config = directory / f"{gateway.name}.toml"
        config.write_text(
            f"""
[server]
listen = "{self.address}"
max_in_flight = {gateway.in_flight_max}
drain_timeout = "1s"
[admin]
listen = "{self.admin}"
{gateway.settings}
[telemetry]
log_format = "json"
otlp_endpoint = "{collector}"
otlp_timeout = "1s"
otlp_metrics_interval = "1s"
[profiles.entities]
route = ["{services[0]}"]
[profiles.inline]
route = ["{services[0]}"]
"""
            + "".join(self._service(name, base_url) for name in services)
        )
        command = ["prlimit", f"--nofile={gateway.descriptors_max}", TIDEGATE, "serve", "--config", config]
        self.process = Process(gateway.name, command, directory, f"http://{self.admin}/readyz")

    def start(self):
        self.process.start()

    def stop(self):
        self.process.stop()

    @staticmethod
    def _service(name, base_url):
        return f"""
[upstreams.{name}]
dialect = "openai"
base_url = "{base_url}"
model = "{name}-model"
[upstreams.{name}.prices]
input_per_million = 0.15
output_per_million = 0.6
[profiles.{name}]
route = ["{name}"]
instructions = "Extract the named entities."
schema_file = "schema.json"
"""
