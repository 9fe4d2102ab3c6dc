"""Gates for faces under test."""

from dataclasses import dataclass

from starlette.types import Scope

from infra.runtime.auth.caller import LOCAL, Caller


@dataclass(frozen=True)
class OpenGate:
    """Lets everybody in, as the same caller."""

    caller: Caller = LOCAL

    async def admit(self, scope: Scope) -> Caller:
        """See ``Gate.admit``."""
        return self.caller

    def admit_stranger(self, scope: Scope) -> None:
        """See ``Gate.admit_stranger``."""
