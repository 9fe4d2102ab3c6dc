"""A provider for Terraform that knows its schema and nothing else: enough to validate, and to test with mocks.

It speaks Terraform's plugin protocol 6 over gRPC. Terraform is told its address by ``TF_REATTACH_PROVIDERS``, so that
nothing is installed. As a program it prints that variable's value and serves until its standard input ends::

    python schema_provider.py google.json
"""

import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

NESTING = {"single": 1, "list": 2, "set": 3}
HOW = {"required": 4, "optional": 5, "computed": 6}
SCHEMAS = {"resource": 2, "data": 3, "ephemeral": 8}
ANSWERED_EMPTY = {"ValidateProviderConfig", "ValidateResourceConfig", "ValidateDataResourceConfig", "ConfigureProvider"}


def answer(known: dict[str, Any]) -> bytes:
    """``GetProviderSchema.Response`` for a file as ``schema_reader`` writes it."""
    made = _bytes(1, _schema(known.get("provider", {"attributes": {}, "blocks": {}})))
    for sort, field in SCHEMAS.items():
        for name, body in known.get(sort, {}).items():
            made += _bytes(field, _bytes(1, name.encode()) + _bytes(2, _schema(body)))
    return made


def _schema(body: dict[str, Any]) -> bytes:
    return _bytes(2, _block(body))


def _block(body: dict[str, Any]) -> bytes:
    return b"".join([*map(_attribute, body["attributes"].items()), *_nested(body["blocks"])])


def _attribute(item: tuple[str, Any]) -> bytes:
    name, (sort, how) = item
    made = _bytes(1, name.encode()) + _bytes(2, json.dumps(sort).encode()) + _number(HOW[how], 1)
    # whatever may be left out may also be filled in by the service
    made += _number(HOW["computed"], 1) if how == "optional" and not name.endswith("_wo") else b""
    return _bytes(2, made + (_number(11, 1) if name.endswith("_wo") else b""))


def _nested(blocks: dict[str, Any]) -> Iterator[bytes]:
    for name, (nesting, most, how, body) in blocks.items():
        made = _bytes(1, name.encode()) + _bytes(2, _block(body)) + _number(3, NESTING[nesting])
        if nesting != "single":
            made += _number(4, int(how == "required")) + _number(5, most)
        yield _bytes(3, made)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])


class _Provider(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc ships no types
    def __init__(self, known: dict[str, Any]) -> None:
        self._answers = {"GetProviderSchema": answer(known), **dict.fromkeys(ANSWERED_EMPTY, b"")}

    def service(self, handler_call_details: Any) -> Any:
        name = handler_call_details.method.rpartition("/")[2]
        if name not in self._answers:
            return None
        return grpc.unary_unary_rpc_method_handler(lambda *_: self._answers[name])


def main(file: Path) -> None:
    """Serve one schema file."""
    server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.max_send_message_length", -1)])
    server.add_generic_rpc_handlers([_Provider(json.loads(file.read_text()))])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    address = {"Network": "tcp", "String": f"127.0.0.1:{port}"}
    attach = {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": address}
    sys.stdout.write(json.dumps({f"hashicorp/{file.stem}": attach}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop(grace=None)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
