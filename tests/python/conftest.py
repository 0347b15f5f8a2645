"""Starts the real gateway and the simulated AI API for tests that call them with a real gRPC client."""

import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.request

import pytest
from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
BINARY = ROOT / "target" / "debug" / "tidegate"
EXAMPLES = ROOT / "examples" / "clients" / "python"


def pytest_addoption(parser):
    parser.addoption("--picture", metavar="PATH", help="make the README's picture of the live page")


@pytest.fixture(scope="session", autouse=True)
def stubs(tmp_path_factory):
    """The generated client code, as README.md says to make it."""
    out = tmp_path_factory.mktemp("stubs")
    protos = [str(path) for path in sorted((ROOT / "proto" / "tidegate").rglob("*.proto"))]
    command = ["-m", "grpc_tools.protoc", f"-I{ROOT / 'proto'}", f"--python_out={out}", f"--grpc_python_out={out}"]
    subprocess.run([sys.executable, *command, *protos], check=True)
    sys.path[:0] = [str(out), str(EXAMPLES)]


class Process:
    """A child process whose output is read line by line."""

    def __init__(self, arguments, stream, **variables):
        self.stream = stream
        self.child = subprocess.Popen(
            [str(BINARY), *arguments],
            env={**os.environ, **variables},
            text=True,
            **{stream: subprocess.PIPE},
        )

    def line(self, pattern):
        """The first line that matches, by its groups."""
        seen = []
        for line in getattr(self.child, self.stream):
            seen.append(line)
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"the process ended without {pattern!r}: {''.join(seen)}")

    def stop(self):
        self.child.terminate()
        self.child.communicate(timeout=60)
        return self.child.returncode


class Simulator:
    """The simulated AI API."""

    def __init__(self):
        self.process = Process(["simulate", "--listen", "127.0.0.1:0"], "stdout")
        self.base_url = self.process.line(r"at (http://\S+)$").group(1)
        self.log_url = self.process.line(r"at (http://\S+/_log)$").group(1)

    def script(self, toml):
        """Sets what goes wrong from here on and forgets what arrived."""
        script_url = self.log_url.replace("_log", "_script")
        urllib.request.urlopen(urllib.request.Request(script_url, toml.encode(), method="PUT")).close()
        urllib.request.urlopen(urllib.request.Request(self.log_url, method="DELETE")).close()

    def arrivals(self):
        with urllib.request.urlopen(self.log_url) as reply:
            return json.load(reply)


class Gateway:
    """The gateway, with the simulator as its only upstream. `more`: further keys of `[telemetry]`, and further sections."""

    def __init__(self, base_url, directory, more=""):
        config = directory / "tidegate.toml"
        config.write_text(
            f"""
            [server]
            listen = "127.0.0.1:0"
            [admin]
            listen = "127.0.0.1:0"
            [upstreams.simulator]
            dialect = "openai"
            base_url = "{base_url}"
            model = "simulated"
            [telemetry]
            log_format = "json"
            {more}
            """
        )
        self.process = Process(["serve", "--config", str(config)], "stderr")
        self.address, self.admin = self.process.line(r'"grpc":"([^"]+)","admin":"([^"]+)"').groups()


@pytest.fixture(scope="session")
def simulator():
    running = Simulator()
    yield running
    running.process.stop()


@pytest.fixture(scope="session")
def gateway(simulator, tmp_path_factory):
    running = Gateway(simulator.base_url, tmp_path_factory.mktemp("gateway"))
    yield running
    assert running.process.stop() == 0


@pytest.fixture(scope="module")
def browser():
    """Chromium, headless, from the system's packages; nothing is downloaded."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM)
        yield running
        running.close()
