"""Which kinds of jobs there are: what the functions say that work them, and nothing else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from infra.runtime.functions import topology
from infra.runtime.runtime import Runtime
from schemas.problem import Problem
from services.jobs.function import Working
from services.jobs.job import Commands, Work

if TYPE_CHECKING:
    from pydantic import BaseModel


class KindNotAccepted(Problem):
    """Jobs of this kind cannot be submitted."""

    code: ClassVar[str] = "KIND_NOT_ACCEPTED"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "Jobs of this kind cannot be submitted"
    recovery: ClassVar[str] = "Use one of the kinds named in `allowed`."


@dataclass(frozen=True)
class Kinds:
    """The functions of this installation that work queues, by their names; their work is built once a process."""

    runtime: Runtime
    working: Mapping[str, Working] = field(default_factory=dict)

    @property
    def accepted(self) -> list[str]:
        """Kinds that may come from outside."""
        return sorted(one.kind for one in self.working.values() if one.accepts is not None)

    def entry(self, kind: str) -> Working:
        """The function that takes jobs of this kind from outside. Raises ``KindNotAccepted``."""
        for one in self.working.values():
            if one.kind == kind and one.accepts is not None:
                return one
        raise KindNotAccepted(f"{kind!r} is none of {', '.join(self.accepted)}", allowed=self.accepted)

    def payload_model(self, kind: str) -> "type[BaseModel]":
        """What a payload of this kind must be. Raises ``KindNotAccepted``."""
        accepts = self.entry(kind).accepts
        assert accepts is not None  # noqa: S101  # an entry accepts something
        return accepts()

    def works(self, kind: str) -> list[Work]:
        """How jobs of this kind are worked, on whatever queue; the function that accepts them comes first."""
        found = [one for one in self.working.values() if one.kind == kind]
        return [self.runtime.once(one.build) for one in sorted(found, key=lambda one: one.accepts is None)]

    def commands(self, kind: str) -> Commands:
        """What the kind does itself when it is commanded; one of its functions says it."""
        return next((work.commands for work in self.works(kind) if work.commands != Commands()), Commands())

    def home(self, kind: str) -> str | None:
        """The queue where jobs of this kind come in; None if none come from outside."""
        return next((one.queue for one in self.working.values() if one.kind == kind and one.accepts), None)

    def timeout_seconds(self, kind: str, *, queue: str) -> float | None:
        """How long one claim of the kind may take on a queue, as its function there says; None if it says nothing."""
        found = [one for one in self.working.values() if (one.kind, one.queue) == (kind, queue)]
        return self.runtime.once(found[0].build).timeout_seconds if found else None

    def announced(self, kind: str) -> bool:
        """Whether ends of this kind are told as ``job.finished``."""
        return any(work.announce for work in self.works(kind))

    @property
    def archived(self) -> list[str]:
        """Kinds whose old jobs go into the warehouse alone: those of unknown kinds stay, and those with rows beside."""
        known = {one.kind for one in self.working.values()}
        return sorted(kind for kind in known if not any(work.keeps for work in self.works(kind)))


class _Installed(Mapping[str, Working]):
    """The functions of the committed topology, loaded when somebody asks for one: a sweep seldom does."""

    @cached_property
    def _found(self) -> Mapping[str, Working]:
        triggers = topology.generated()["functions"]
        found = {name: topology.function(name) for name, trigger in triggers.items() if "kind" in trigger}
        return {name: one for name, one in found.items() if isinstance(one, Working)}

    def __getitem__(self, name: str) -> Working:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def kinds(runtime: Runtime) -> Kinds:
    """The kinds of the committed topology; once a process, through ``runtime.once(kinds)``."""
    return Kinds(runtime, _Installed())


def queues() -> list[str]:
    """Every queue that some function works."""
    return sorted({trigger["queue"] for trigger in topology.generated()["functions"].values() if "queue" in trigger})
