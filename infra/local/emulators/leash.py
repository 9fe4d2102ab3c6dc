"""``python -m infra.local.emulators.leash COMMAND ...``: runs a program for as long as standard input stays open.

Emulators do not look at their standard input. This does so for them, and so they follow whoever started them, however
that one ended: the kernel closes the pipe of a killed process.
"""

import os
import signal
import subprocess
import sys
import threading

END_SECONDS = 3.0  # what a program gets to end by itself


def _run(command: list[str]) -> int:
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603  # our own command
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: program.terminate())
    threading.Thread(target=_until_input_ends, args=(program,), daemon=True).start()
    return program.wait()


def _until_input_ends(program: "subprocess.Popen[bytes]") -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    program.terminate()
    try:
        program.wait(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        program.kill()


if __name__ == "__main__":
    sys.exit(abs(_run(sys.argv[1:])))
