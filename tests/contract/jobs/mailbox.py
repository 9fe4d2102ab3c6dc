"""A small mail server on the loopback: takes messages, and refuses as told."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message


@dataclass
class Mailbox:
    """What was delivered and how: ``replies`` answers a command otherwise than with yes."""

    port: int = 0
    users: dict[str, str] = field(default_factory=dict)
    replies: dict[str, str] = field(default_factory=dict)
    offers_tls: bool = False
    refused: set[str] = field(default_factory=set)
    messages: list[Message] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One conversation."""
        try:
            await self._say(writer, "220 mailbox")
            while line := (await reader.readline()).decode().strip():
                word = line.split()[0].upper()
                self.said.append(word)
                if word == "DATA":
                    await self._take(reader, writer)
                    continue
                await self._say(writer, self.replies.get(word) or self._answer(word, line))
                if word == "QUIT":
                    break
        except ConnectionError:
            pass
        finally:
            writer.close()

    def _answer(self, word: str, line: str) -> str:
        if word == "EHLO":
            starttls = ["250-STARTTLS"] if self.offers_tls else []
            return "\r\n".join(["250-mailbox", *starttls, "250 AUTH PLAIN"])
        if word == "AUTH":
            _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
            return "235 welcome" if self.users.get(user) == password else "535 who are you"
        if word == "RCPT":
            self.recipients.append(line.split(":", 1)[1].strip("<> "))
            if self.recipients[-1] in self.refused:
                return "550 nobody here"
        return "221 bye" if word == "QUIT" else "250 yes"

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._say(writer, "354 go on")
        text = await reader.readuntil(b"\r\n.\r\n")
        reply = self.replies.get("DATA", "250 taken")
        if reply.startswith("2"):
            self.messages.append(message_from_bytes(text[:-5]))
        await self._say(writer, reply)

    async def _say(self, writer: asyncio.StreamWriter, text: str) -> None:
        writer.write(f"{text}\r\n".encode())
        await writer.drain()


@asynccontextmanager
async def mailbox(**changes: object) -> AsyncIterator[Mailbox]:
    """A running one."""
    made = Mailbox(**changes)  # type: ignore[arg-type]  # tests say what they want
    server = await asyncio.start_server(made.talk, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()
