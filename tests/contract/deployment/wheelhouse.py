"""Headrace as its image has it: a wheel in an environment of its own, seen from a folder outside the tree."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[3]
SERVICES = ROOT / "infra/terraform/modules/system/services.tf"
SHIELDED = re.compile(r"HEADRACE_|BACKGROUND_|GOOGLE_|.*_EMULATOR_HOST$|PYTHON")


class House:
    """A folder like the image's ``/app``, and the programs in its environment."""

    def __init__(self, folder: Path) -> None:
        self._bin = folder / "venv" / "bin"
        self.app = folder / "app"
        self._build(folder)

    def environment(self, **variables: str) -> dict[str, str]:
        """This machine's variables without any that mean something to Headrace, and these."""
        kept = {name: value for name, value in os.environ.items() if not SHIELDED.match(name)}
        return {**kept, "HEADRACE_DATA_DIR": str(self.app / ".headrace"), **variables}

    def command(self, program: str, *arguments: str) -> list[str]:
        """How a program of the image is started here."""
        if program == "python":
            return [str(self._bin / program), *arguments]
        own = self._bin / program
        # what the wheel needs lies in the environment of the tests, the wheel itself in its own
        script = own if own.exists() else Path(sysconfig.get_path("scripts")) / program
        return [str(self._bin / "python"), str(script), *arguments]

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """A program of the image, run to its end."""
        return subprocess.run(
            self.command(*command),
            cwd=self.app,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def _build(self, folder: Path) -> None:
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        options = ["--no-deps", "--no-build-isolation", "--no-index"]
        subprocess.run([*pip, "wheel", *options, "--wheel-dir", folder, ROOT], check=True, capture_output=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
        python = self._bin / "python"
        (wheel,) = folder.glob("headrace-*.whl")
        subprocess.run([*pip, "--python", python, "install", "--no-deps", "--no-index", wheel], check=True)
        (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
        (packages / "needed.pth").write_text(sysconfig.get_path("purelib") + "\n")
        shutil.copytree(ROOT / "functions", self.app / "functions")


def deployed_command(kind: str, name: str) -> list[str]:
    """What Terraform starts for a ``face`` or a ``function``."""
    block = SERVICES.read_text().split(f'module "{kind}"', 1)[1]
    found = re.search(r"command\s*=\s*\[(.+)\]", block)
    assert found is not None
    return [one.replace("${each.key}", name) for one in re.findall(r'"([^"]*)"', found[1])]
