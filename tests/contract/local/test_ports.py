"""What is kept for a program that a test starts goes to nobody else."""

import socket

import pytest

from tests.ports import kept_port


def test_a_kept_port_is_taken_by_its_number_and_refuses_until_then() -> None:
    port = kept_port()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port)).close()

    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen()
        socket.create_connection(("127.0.0.1", port)).close()


def test_a_kept_port_is_found_by_nobody_who_takes_any() -> None:
    kept = {kept_port() for _ in range(200)}
    any_ports = [socket.socket() for _ in range(2000)]
    try:
        for one in any_ports:
            one.bind(("127.0.0.1", 0))
        assert len(kept) == 200
        assert kept.isdisjoint(one.getsockname()[1] for one in any_ports)
    finally:
        for one in any_ports:
            one.close()
