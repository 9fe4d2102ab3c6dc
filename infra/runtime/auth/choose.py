"""What the settings make of it: who watches over faces, and over pushes to functions."""

from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from infra.runtime.auth.credentials import CredentialGate
from infra.runtime.auth.gate import Gate
from infra.runtime.auth.loopback import LoopbackOnly
from infra.runtime.auth.refusals import Refusals
from infra.runtime.configuration.settings import Settings
from infra.runtime.runtime import Runtime
from schemas.problem import Problem

if TYPE_CHECKING:  # cryptography takes a while to load, and not everybody takes tokens
    from infra.runtime.auth.identity import IdentityTokens
    from infra.runtime.auth.push import PushGate


class AudienceMissing(Problem):
    """Pushes are to be verified, and nobody said for whom their tokens are."""

    code: ClassVar[str] = "AUDIENCE_MISSING"
    title: ClassVar[str] = "HEADRACE_PUSH_ACCOUNT is set and HEADRACE_AUDIENCES is not"
    recovery: ClassVar[str] = "Set HEADRACE_AUDIENCES to the audience of the push subscriptions."


def require_audience(settings: Settings) -> None:
    """Raises ``AudienceMissing`` where every push would be refused."""
    if settings.push_account is not None and not _audiences(settings):
        raise AudienceMissing


def gate(runtime: Runtime) -> Gate:
    """Who watches over the faces of this process."""
    settings = runtime.settings
    if settings.auth == "off":
        public = urlsplit(runtime.public_url).hostname if runtime.public_url else None
        return LoopbackOnly(host=settings.host, public_host=public)
    refusals = Refusals(trusted_proxies=settings.trusted_proxies)
    return CredentialGate(runtime.database, tokens=_tokens(runtime), refusals=refusals)


def push_gate(runtime: Runtime) -> "PushGate | None":
    """Who watches over pushes to this process's functions; None where the platform does (HEADRACE_PUSH_ACCOUNT).

    Raises ``AudienceMissing``.
    """
    require_audience(runtime.settings)
    tokens = _tokens(runtime)
    if runtime.settings.push_account is None or tokens is None:
        return None
    from infra.runtime.auth.push import PushGate  # noqa: PLC0415  # see above

    return PushGate(tokens, runtime.settings.push_account)


def _tokens(runtime: Runtime) -> "IdentityTokens | None":
    settings = runtime.settings
    audiences = _audiences(settings)
    if not audiences:
        return None
    from infra.runtime.auth.certificates import Certificates  # noqa: PLC0415  # see above
    from infra.runtime.auth.identity import IdentityTokens  # noqa: PLC0415  # see above

    return IdentityTokens(Certificates(runtime.session, settings.google_certs_url), audiences)


def _audiences(settings: Settings) -> list[str]:
    return [one.strip() for one in (settings.audiences or "").split(",") if one.strip()]
