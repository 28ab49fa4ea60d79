"""Checks the OpenAPI document against the program: with a tool that tries its content, with a
client generated from it, and with the pages of docs/."""

import json
import os
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FETCH = ROOT / "tests" / "support" / "packages" / "fetch"


@pytest.fixture(scope="session")
def tools():
    """The path of schemathesis and openapi-python-client."""
    done = subprocess.run([FETCH, "openapi"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip()).parent


@pytest.fixture
def server(daemon):
    # The tool tries requests without a key, which get 401, far more often than a person would.
    daemon.config["limits"] = {"refused_per_address_per_s": 1_000_000}
    daemon.start()
    daemon.wait_until_ready()
    return daemon


def document(server):
    return server.request("GET", "/openapi.json").json()


def shown_by(server, who):
    """The tool's options for authentication. By default it makes up credentials, two kinds at
    once."""
    made_up = ["--generation-with-security-parameters", "false"]
    if who == "nobody":
        # A valid request still needs a key.
        return [*made_up, "--exclude-checks", "positive_data_acceptance"]
    key = json.loads((server.data_dir / "admin-key").read_text())
    pair = {"api-key": key["apiKey"], "api-secret": key["apiSecret"]}
    headers = {"Authorization": f"Bearer {key['token']}"} if who == "admin" else pair
    words = [word for name, value in headers.items() for word in ("--header", f"{name}: {value}")]
    return [*made_up, *words]


@pytest.mark.parametrize("who", ["admin", "admin with a pair", "nobody"])
def test_what_the_document_says_is_what_the_program_does(server, tools, tmp_path, who):
    shown = shown_by(server, who)
    done = subprocess.run([tools / "st", "--config-file", HERE / "schemathesis.toml", "--no-color", "run",
                           f"{server.url}/openapi.json", "--checks", "all", "--seed", "1",
                           "--phases", "examples,coverage,fuzzing", "--max-examples", "30",
                           "--generation-database", "none", *shown],
                          cwd=tmp_path, capture_output=True, text=True,
                          env={**os.environ, "SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py")})
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    operations = sum(method in path for path in document(server)["paths"].values() for method in ("get", "post", "delete"))
    assert f"Tested: {operations}" in done.stdout


def test_a_generated_client_does_a_scan(server, tools, tmp_path, nginx):
    (tmp_path / "openapi.json").write_text(json.dumps(document(server)))
    # The caller composes and splits lines of JSON. The generator has no such concept.
    (tmp_path / "config.yml").write_text("project_name_override: client\npackage_name_override: generated\n"
                                         "content_type_overrides:\n"
                                         "  application/x-ndjson: application/octet-stream\n")
    done = subprocess.run([tools / "openapi-python-client", "generate", "--path", "openapi.json", "--config",
                           "config.yml", "--meta", "none", "--output-path", "generated", "--fail-on-warning"],
                          cwd=tmp_path, capture_output=True, text=True,
                          env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"})
    assert done.returncode == 0, done.stdout + done.stderr
    script = f"""
from generated import AuthenticatedClient
from generated.api.scans import schedule_scan, get_scan
from generated.models import ScanOrder
with AuthenticatedClient(base_url="{server.url}", token="{server.token}") as client:
    receipt = schedule_scan.sync(client=client, body=ScanOrder(target="127.10.0.1", ports="80"))
    scan = get_scan.sync(str(receipt.id), client=client, wait=60)
    while scan.status in ("queued", "running"):
        scan = get_scan.sync(str(receipt.id), client=client, wait=60)
    print(scan.status, scan.results[0].service.name)
"""
    done = subprocess.run([tools / "python", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "done http\n", done.stdout + done.stderr


def test_every_operation_stands_in_the_pages_and_on_the_page_it_serves(server):
    whole = document(server)
    pages = "".join(page.read_text() for page in (ROOT / "docs").rglob("*.md"))
    shown = server.request("GET", "/docs")
    assert shown.status == 200 and shown.headers["content-type"] == "text/html; charset=utf-8"
    for path, methods in whole["paths"].items():
        assert path.rsplit("/", 1)[-1] in pages, path
        for method in ("get", "post", "delete"):
            if method in methods:
                assert f"{method.upper()} {path}" in shown.body.decode(), path
                assert server.request("OPTIONS", path.replace("{id}", "x")).headers["allow"].find(method.upper()) >= 0
    types = whole["components"]["schemas"]["EntityType"]["enum"]
    assert types == [one["type"] for one in server.request("GET", "/api/ingest/v1/definitions").json()]
