"""Two worlds at the same time: in one of them everything goes wrong, in the other nothing does."""

import subprocess
import sys

import pytest
import report
import story
from processes import ROOT, TIDEGATE
from world import World

TIME_SCALE = 60


def pytest_addoption(parser):
    parser.addoption("--stranger", action="store_true", help="measure how soon a stranger sees what is wrong")


@pytest.fixture(scope="session")
def stubs(tmp_path_factory):
    """The generated client code, as README.md says to make it."""
    out = tmp_path_factory.mktemp("stubs")
    protos = [str(path) for path in sorted((ROOT / "proto" / "tidegate").rglob("*.proto"))]
    command = ["-m", "grpc_tools.protoc", f"-I{ROOT / 'proto'}", f"--python_out={out}", f"--grpc_python_out={out}"]
    subprocess.run([sys.executable, *command, *protos], check=True)
    sys.path.insert(0, str(out))


@pytest.fixture(scope="session")
def rules(tmp_path_factory):
    """The rules that are shipped, but that their hours are minutes."""
    path = tmp_path_factory.mktemp("rules") / "rules.yaml"
    command = [str(TIDEGATE), "rules", "--time-scale", str(TIME_SCALE), "--out", str(path)]
    subprocess.run(command, check=True)
    return path


@pytest.fixture(scope="session")
def proof(stubs, rules, tmp_path_factory, pytestconfig):
    """What happened, in both worlds; Prometheus can still be asked."""
    directory = tmp_path_factory.mktemp("worlds")
    with World(directory / "calm", rules) as calm, World(directory / "faulty", rules) as faulty:
        proof = story.tell(faulty, calm)
        pytestconfig.stash[report.PROOF] = proof
        yield proof


def pytest_terminal_summary(terminalreporter, config):
    if proof := config.stash.get(report.PROOF, None):
        report.show(proof, terminalreporter.write_line)
