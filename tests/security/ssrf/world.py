"""A small internet: a second network namespace behind a veth pair, and canaries on the addresses nobody may reach.

Runs inside a namespace of its own (``unshare --net``), so whatever goes wrong in it leaves nothing behind.
"""

import asyncio
import ctypes
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

METADATA, PRIVATE, SITE = "169.254.169.254", "10.0.0.5", "93.184.216.34"
TCP_PORTS = (80, 443, 8080)
UDP_PORTS = (53, 443, 3478)
_CLONE_NEWNET = 0x40000000
_ADDRESSES = ("10.77.0.2/24", f"{METADATA}/32", f"{PRIVATE}/32", f"{SITE}/32")

Made = TypeVar("Made")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def peer() -> Iterator[int]:
    """The process whose namespace is the internet; ours gets one way to it."""
    process = subprocess.Popen(["unshare", "--net", "sleep", "600"])
    try:
        ours = Path("/proc/self/ns/net").readlink()
        while Path(f"/proc/{process.pid}/ns/net").readlink() == ours:
            assert process.poll() is None
        _run("ip", "link", "set", "lo", "up")
        _run("ip", "link", "add", "here", "type", "veth", "peer", "name", "there")
        _run("ip", "link", "set", "there", "netns", str(process.pid))
        _run("ip", "address", "add", "10.77.0.1/24", "dev", "here")
        _run("ip", "link", "set", "here", "up")
        inside = ("nsenter", "--net", "--target", str(process.pid), "ip")
        for link in ("lo", "there"):
            _run(*inside, "link", "set", link, "up")
        for address in _ADDRESSES:
            _run(*inside, "address", "add", address, "dev", "there")
        _run("ip", "route", "add", "default", "via", "10.77.0.2")
        yield process.pid
    finally:
        process.kill()
        process.wait()


def inside(pid: int, make: Callable[[], Made]) -> Made:
    """What is made in the namespace of another process; sockets stay there."""
    made: list[Made] = []

    def enter() -> None:
        with Path(f"/proc/{pid}/ns/net").open() as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
        made.append(make())

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    return made[0]


@dataclass
class Canaries:
    """Whoever connects, or sends a datagram, is written down."""

    hits: list[str] = field(default_factory=list)
    _sockets: list[socket.socket] = field(default_factory=list)

    async def listen(self, pid: int) -> None:
        """On the addresses of the other namespace, and on this machine's own."""
        for address in (METADATA, PRIVATE):
            for port in TCP_PORTS:
                await self._tcp(inside(pid, lambda at=(address, port): socket.create_server(at)), f"{address}:{port}")
        for address in (METADATA, PRIVATE, SITE):
            for port in UDP_PORTS:
                await self._udp(inside(pid, lambda at=(address, port): _udp_socket(at)), f"{address}:{port}")
        for port in TCP_PORTS:
            await self._tcp(socket.create_server(("127.0.0.1", port)), f"127.0.0.1:{port}")
            await self._tcp(socket.create_server(("::1", port), family=socket.AF_INET6), f"[::1]:{port}")
        await self._udp(_udp_socket(("127.0.0.1", 3478)), "127.0.0.1:3478")

    async def _tcp(self, listening: socket.socket, name: str) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                async with asyncio.timeout(2):
                    first = await reader.readline()
            except (TimeoutError, OSError):
                first = b""
            said = first[:120].decode("ascii", "replace").strip()
            self.hits.append(f"tcp {name} {said if said.isprintable() and said.endswith('HTTP/1.1') else 'connected'}")
            body = b"<title>secret</title>"
            head = (
                b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Type: text/html\r\nConnection: close\r\n"
            )
            writer.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            writer.close()

        await asyncio.start_server(serve, sock=listening)

    async def _udp(self, listening: socket.socket, name: str) -> None:
        hits = self.hits

        class Datagrams(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: object) -> None:
                hits.append(f"udp {name} {len(data)} bytes")

        await asyncio.get_running_loop().create_datagram_endpoint(Datagrams, sock=listening)


def _udp_socket(at: tuple[str, int]) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.settimeout(0)
    made.bind(at)
    return made
