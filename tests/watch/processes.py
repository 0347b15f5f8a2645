"""Child processes: each writes to a file of its own, keeps its ports when it is started again, and is always ended."""

import os
import pathlib
import random
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIDEGATE = ROOT / "target" / "debug" / "tidegate"
TOOLS = ROOT / "target" / "tools" / "bin"
# Below the range that Linux takes outgoing connections' ports from, so that none of them takes a port whose owner is
# stopped for a while.
PORTS = range(15_000, 32_000)
# A process that is not ready, or not gone, after this many seconds never will be.
PATIENCE = 60


def tool(name):
    """The program's path. Without it the tests are skipped, but where it is required they fail."""
    path = TOOLS / name
    if path.exists():
        return path
    why = f"{path} is not there: run `bash .ci/tools`"
    if os.environ.get("CI") or os.environ.get("TIDEGATE_TOOLS_REQUIRED"):
        pytest.fail(why)
    pytest.skip(why)


def free_port():
    """A port of the loopback interface that nobody listens on, and that nobody was given before."""
    for port in random.sample(PORTS, len(PORTS)):
        if port in _given:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
    raise AssertionError("no port is free")


_given = set()


class Process:
    """A program that is ready once `ready_url` answers 200."""

    def __init__(self, name, command, directory, ready_url):
        self.log = directory / f"{name}.log"
        self.command = [str(word) for word in command]
        self.ready_url = ready_url
        self.child = None

    def start(self):
        with self.log.open("a") as log:
            self.child = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE
        while not self._is_ready():
            if self.child.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{self.command} is not ready:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.05)

    def stop(self):
        if self.child is None:
            return
        self.child.terminate()
        try:
            self.child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child = None

    def kill(self):
        """Ends it as a crash would."""
        self.child.kill()
        self.child.wait()
        self.child = None

    def _is_ready(self):
        try:
            with urllib.request.urlopen(self.ready_url, timeout=5) as reply:
                return reply.status == 200
        except (urllib.error.URLError, OSError):
            return False
