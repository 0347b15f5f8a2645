"""The example clients, built by `bash .ci/clients`, as processes: what they print is what their callers would see."""

import collections
import contextlib
import hashlib
import http.server
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request

import pytest

from conftest import ROOT, Gateway
from tools import built, free_port, installed, until

CLIENTS = ROOT / "target" / "clients"
BUILD = "bash .ci/clients"
KEY = "a key of the tests"
NUMBERS = itertools.count(1)

# A client: what runs it, what its build leaves behind last, and a deadline in seconds. The gateway answers 2 % before
# the deadline, and a Java VM that has just started needs more than 0.1 s to read what it says.
Client = collections.namedtuple("Client", "command product deadline")
PROGRAMS = {
    "python": Client([sys.executable, "python/extract.py"], "python/stubs/tidegate/v1/extraction_pb2_grpc.py", 5),
    "go": Client(["./go/extract"], "go/extract", 5),
    "node": Client(["node", "node/extract.js"], "node/node_modules/@grpc/grpc-js/package.json", 5),
    "java": Client(["java", "-jar", "java/target/extract.jar"], "java/target/extract.jar", 13),
}

# A text in pieces, and what of it is an entity. Its places in code points, in UTF-16 and in UTF-8 all differ, and
# from the first piece on.
HARD = [
    "👩🏽‍🚀👨‍👩‍👧‍👦 🇩🇪🇺🇦 ",
    ("person", "Ada Lovelace"),
    " grüßt 🏴‍☠️ ",
    ("person", "Zoe\u0308 Sa\u0301nchez\u0302"),
    ", ",
    ("person", "Ngu\u031b\u0323y\u0303"),
    " und ",
    ("person", "דָּוִד בֶּן־גּוּרְיוֹן"),
    " \u2067(",
    ("place", "القَاهِرَة"),
    ")\u2069 — \U0001d54f ",
    ("organisation", "𠮷野家"),
    " 🤦🏼‍♂️ in ",
    ("place", "नई दिल्ली"),
    " 🇯🇵 ",
    ("product", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ☕️"),
    " ‏👍🏿.",
]
INVENTED = ("person", "Nobody 👻 Nowhere")


@pytest.fixture(params=PROGRAMS)
def client(request):
    """Starts one of the clients. Its words are UTF-8 whatever the terminal of these tests is."""
    program = ready(PROGRAMS[request.param])

    def start(address, text, seconds=30, **variables):
        return subprocess.Popen(
            [*program.command, address, text, str(seconds)],
            cwd=CLIENTS,
            env={**os.environ, "LC_ALL": "C.UTF-8", "PYTHONPATH": str(CLIENTS / "python" / "stubs"), **variables},
            encoding="utf-8",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # A shell's background jobs ignore it, and so would what they start.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    start.deadline = program.deadline
    return start


def ready(program):
    """A client whose build is there, and what runs it."""
    built(CLIENTS / program.product, BUILD)
    if os.sep not in program.command[0]:
        installed(program.command[0], BUILD)
    return program


def ended(process):
    """The exit code, and the lines on stdout and stderr, without those of the Java VM's own."""
    out, err = process.communicate(timeout=90)
    return process.returncode, out.splitlines(), [line for line in err.splitlines() if "JAVA_TOOL_OPTIONS" not in line]


def fresh(text):
    """A text that nobody asked for before: it has no answer in the cache, and no flight to join."""
    return f"{text} {next(NUMBERS)}"


def called_again(lines):
    """After how many seconds calling again is said to help."""
    (seconds,) = re.findall(r"^call again in ([\d.]+) s$", "\n".join(lines), re.MULTILINE)
    return float(seconds)


def places(pieces):
    """The text, and the line for each entity: type, start and end in code points, words."""
    text, lines = "", []
    for piece in pieces:
        if isinstance(piece, tuple):
            kind, piece = piece
            lines.append(f"{kind}\t{len(text)}\t{len(text) + len(piece)}\t{piece}")
        text += piece
    return text, lines


@contextlib.contextmanager
def model(entities):
    """An AI API that finds `entities` in whatever it is asked."""
    found = json.dumps({"entities": [{"type": kind, "text": words} for kind, words in entities]})
    message = {"role": "assistant", "content": found}
    answer = json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()


@pytest.fixture(scope="module")
def finds(tmp_path_factory):
    """A gateway whose AI API finds the entities of the hard text, and one that is not in it."""
    with model([piece for piece in HARD if isinstance(piece, tuple)] + [INVENTED]) as base_url:
        running = Gateway(base_url, tmp_path_factory.mktemp("finds"))
        yield running
        assert running.process.stop() == 0


def test_all_find_the_same_words_at_the_same_places(client, finds):
    text, lines = places(HARD)
    utf16 = len(text.encode("utf-16-le")) // 2
    assert len(text) < utf16 < len(text.encode()), "the text tells the units apart"
    assert ended(client(finds.address, text)) == (0, [*lines, "person\t-\t-\tNobody 👻 Nowhere"], [])


@pytest.fixture(scope="module")
def secured(simulator, tmp_path_factory):
    """A gateway with TLS and an API key, and the variables that make each language trust its certificate."""
    folder = tmp_path_factory.mktemp("secured")
    certificate, key, store = folder / "server.pem", folder / "server.key", folder / "trusted.p12"
    ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = ["openssl", "req", "-x509", *ec, *names, "-days", "2", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    variables = dict.fromkeys(["SSL_CERT_FILE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"], str(certificate))
    if shutil.which("keytool") and (CLIENTS / PROGRAMS["java"].product).exists():
        trusted = ["keytool", "-importcert", "-noprompt", "-storepass", "tidegate", "-file", str(certificate)]
        subprocess.run([*trusted, "-keystore", str(store)], check=True, capture_output=True)
        option = "-Djavax.net.ssl.trustStore"
        variables["JAVA_TOOL_OPTIONS"] = f"{option}={store} {option}Password=tidegate"
    sections = f"""
    [server.tls]
    certificate_file = "{certificate}"
    key_file = "{key}"
    [auth.tenants.tests]
    key_sha256 = ["{hashlib.sha256(KEY.encode()).hexdigest()}"]
    """
    running = Gateway(simulator.base_url, folder, sections)
    yield f"https://localhost:{running.address.rsplit(':')[-1]}", variables
    assert running.process.stop() == 0


def test_the_key_is_sent_over_tls(client, secured, simulator):
    address, variables = secured
    simulator.script("")
    code, out, err = ended(client(address, "Grace Hopper", **variables, TIDEGATE_API_KEY=KEY))
    assert (code, out, err) == (0, ["person\t0\t12\tGrace Hopper"], [])


def test_a_wrong_key_is_told(client, secured):
    address, variables = secured
    code, out, err = ended(client(address, "Grace Hopper", **variables, TIDEGATE_API_KEY="another"))
    assert (code, out) == (1, [])
    assert err[0].startswith("UNAUTHENTICATED UNAUTHENTICATED: "), err


def test_a_gateway_that_is_not_there_is_told(client):
    code, out, err = ended(client(f"127.0.0.1:{free_port()}", "Grace Hopper"))
    assert (code, out) == (1, [])
    assert err[0].startswith("UNAVAILABLE -: "), err


def test_an_error_says_why_when_to_call_again_and_what_was_tried(client, gateway, simulator):
    simulator.script('[[fault]]\nfault = "status"\nstatus = 429\nretry_after = "300s"\n')
    code, out, err = ended(client(gateway.address, fresh("Grace Hopper is asked too often.")))
    assert (code, out) == (1, [])
    assert err[0].startswith("RESOURCE_EXHAUSTED UPSTREAM_RATE_LIMITED: "), err
    assert {"error_type=rate_limited", "upstream=simulator"} <= set(err)
    assert called_again(err) >= 300
    assert err[-1] == "attempt 1 initial simulator rate_limited"


def test_a_deadline_ends_with_the_gateways_own_words(client, gateway, simulator):
    simulator.script('[[fault]]\nfault = "silent"\n')
    code, out, err = ended(client(gateway.address, fresh("Grace Hopper waits."), client.deadline))
    assert (code, out) == (1, [])
    assert err[0].startswith("DEADLINE_EXCEEDED DEADLINE_EXCEEDED: "), err
    assert err[-1].startswith("attempt 1 initial simulator "), err


def cancelled(gateway):
    """Calls that their callers left."""
    with urllib.request.urlopen(f"http://{gateway.admin}/metrics") as reply:
        page = reply.read().decode()
    lines = re.findall(r'^tidegate_calls_total\{[^}]*verdict="cancelled"[^}]*\} (\d+)', page, re.MULTILINE)
    return sum(map(int, lines))


def test_an_interrupt_cancels_the_call(client, gateway, simulator):
    simulator.script('[[fault]]\nfault = "silent"\n')
    before = cancelled(gateway)
    process = client(gateway.address, fresh("Grace Hopper is left alone."), seconds=60)
    until(simulator.arrivals, "the attempt")
    process.send_signal(signal.SIGINT)
    code, out, _ = ended(process)
    assert code != 0 and out == []
    until(lambda: cancelled(gateway) == before + 1, "the call that its caller left")


def test_retries_of_two_layers_do_not_multiply(client, gateway, simulator):
    simulator.script('[[fault]]\nfault = "status"\nstatus = 503\n')
    code, _, err = ended(client(gateway.address, fresh("Nobody answers Grace Hopper.")))
    assert code == 1
    assert err[0].startswith("UNAVAILABLE UPSTREAM_OVERLOADED: "), err
    assert len([line for line in err if line.startswith("attempt ")]) == 4
    assert len(simulator.arrivals()) == 4


@pytest.mark.parametrize(
    ("status", "told"),
    [(429, "RESOURCE_EXHAUSTED UPSTREAM_RATE_LIMITED: "), (503, "UNAVAILABLE UPSTREAM_OVERLOADED: ")],
)
def test_a_wait_beyond_the_deadline_is_told_and_not_slept_through(client, gateway, simulator, status, told):
    simulator.script(f'[[fault]]\nfault = "status"\nstatus = {status}\nretry_after = "30s"\n')
    code, out, err = ended(client(gateway.address, fresh("Grace Hopper can't wait so long."), seconds=10))
    assert (code, out) == (1, [])
    # A library that slept would end the call itself: DEADLINE_EXCEEDED, without reason and trail.
    assert err[0].startswith(told), err
    assert 30 <= called_again(err) < 60
    assert [line.split()[1] for line in err if line.startswith("attempt ")] == ["1"]
    assert len(simulator.arrivals()) == 1
