"""What happens where one of the example clients' languages is missing: nothing is left out unsaid."""

import os
import shutil
import subprocess

import pytest

import test_clients
from conftest import ROOT

SKIPPED, FAILED = pytest.skip.Exception, pytest.fail.Exception


@pytest.fixture(params=[(None, SKIPPED), ("1", FAILED)], ids=["asked for", "required"])
def outcome(request, monkeypatch):
    """What becomes of a test whose tools are missing."""
    required, outcome = request.param
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("TIDEGATE_TOOLS_REQUIRED", raising=False)
    if required:
        monkeypatch.setenv("TIDEGATE_TOOLS_REQUIRED", required)
    return outcome


@pytest.mark.parametrize("language", test_clients.PROGRAMS)
def test_a_client_that_is_not_built_is_told(language, outcome, tmp_path, monkeypatch):
    monkeypatch.setattr(test_clients, "CLIENTS", tmp_path)
    with pytest.raises(outcome, match=rf"/{language}/\S* is not there: run `bash \.ci/clients`"):
        test_clients.ready(test_clients.PROGRAMS[language])


@pytest.mark.parametrize("language", ["node", "java"])
def test_a_client_whose_language_is_gone_is_told(language, outcome, tmp_path, monkeypatch):
    program = test_clients.PROGRAMS[language]
    (tmp_path / program.product).parent.mkdir(parents=True)
    (tmp_path / program.product).touch()
    monkeypatch.setattr(test_clients, "CLIENTS", tmp_path)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(outcome, match=rf"{language} is not installed: run `bash \.ci/clients`"):
        test_clients.ready(program)


@pytest.mark.parametrize("language", ["python", "go"])
def test_a_client_that_needs_nothing_beside_its_build_runs_without_a_path(language, tmp_path, monkeypatch):
    program = test_clients.PROGRAMS[language]
    (tmp_path / program.product).parent.mkdir(parents=True)
    (tmp_path / program.product).touch()
    monkeypatch.setattr(test_clients, "CLIENTS", tmp_path)
    monkeypatch.setenv("PATH", "")
    assert test_clients.ready(program) is program


def test_the_build_ends_where_a_language_can_not_be_installed(tmp_path):
    for name in ["dirname", "id"]:
        os.symlink(shutil.which(name), tmp_path / name)
    # Installs nothing, and tells what was asked of it.
    for name, script in {"apt-get": '[ "$1" = update ] || { echo "$@"; exit 100; }', "sudo": '"$@"'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    command = [shutil.which("bash"), ".ci/clients"]
    done = subprocess.run(command, cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 100, done.stderr
    assert {"python3", "golang-go", "nodejs", "npm", "default-jdk-headless", "maven"} <= set(done.stdout.split())
