"""Programs that `bash .ci/tools` unpacks: prometheus, promtool, alertmanager, amtool."""

import os
import pathlib
import shutil
import socket
import time

import pytest

BIN = pathlib.Path(__file__).resolve().parents[2] / "target" / "tools" / "bin"
PATIENCE = 30


def tool(name):
    """The program's path, if it is there."""
    return str(built(BIN / name, "bash .ci/tools"))


def built(path, command):
    """The path of what `command` puts there."""
    return path if path.exists() else missing(f"{path} is not there: run `{command}`")


def installed(name, command):
    """The path of a program that `command` installs."""
    return shutil.which(name) or missing(f"{name} is not installed: run `{command}`")


def missing(why):
    """The test is skipped, but where its tools are required it fails."""
    if os.environ.get("CI") or os.environ.get("TIDEGATE_TOOLS_REQUIRED"):
        pytest.fail(why)
    pytest.skip(why)


def free_port():
    """A port of this machine that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def until(condition, what):
    """What `condition` returns, once it is true."""
    deadline = time.monotonic() + PATIENCE
    while not (result := condition()):
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.05)
    return result
