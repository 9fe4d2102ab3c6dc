"""What some settings must look like. A secret that does not is refused without being shown."""

import re
from base64 import b64decode
from urllib.parse import urlsplit

from infra.runtime.configuration.secret import Secret

SHORTEST_KEY = 16  # bytes: what signs must not be guessed
_PROJECT = r"([a-z0-9.-]+:)?[a-z0-9][a-z0-9-]*"


def an_endpoint(value: str) -> str:
    """A URL with a host. Raises ``ValueError``."""
    if not value.startswith(("http://", "https://")):
        msg = "must be an http:// or https:// URL"
        raise ValueError(msg)
    if not _leads_somewhere(value):
        msg = "must name a host, and where it names a port, one from 1 to 65535"
        raise ValueError(msg)
    return value


def _leads_somewhere(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def an_origin(value: str) -> str:
    """A URL with a host, without a slash at its end. Raises ``ValueError``."""
    return an_endpoint(value).rstrip("/")


def a_host_and_port(value: str) -> str:
    """An address without a scheme. Raises ``ValueError``."""
    if not re.fullmatch(r"([^\s/:]+|\[[\da-fA-F:.]+\]):\d+", value) or not _leads_somewhere(f"//{value}"):
        msg = "must be host:port, without http://, and the port one from 1 to 65535"
        raise ValueError(msg)
    return value


def a_lake_url(value: str) -> str:
    """A place of objects, without a slash at its end. Raises ``ValueError``."""
    if not re.fullmatch(r"file:///.+|gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/[^?#]*)?", value):
        msg = "must be file:///folder or gs://bucket[/prefix]"
        raise ValueError(msg)
    return value.rstrip("/")


def a_warehouse_url(value: str) -> str:
    """A place of tables, without a slash at its end. Raises ``ValueError``."""
    if not re.fullmatch(rf"file:///.+|bq://{_PROJECT}\.\w+", value):
        msg = "must be file:///folder or bq://project.dataset"
        raise ValueError(msg)
    return value.rstrip("/")


def a_push_url(value: str) -> str:
    """A URL with a place for the name of a function. Raises ``ValueError``."""
    if "{function}" not in value:
        msg = "must hold {function} where the function's name belongs"
        raise ValueError(msg)
    if set("{}") & set(filled := value.replace("{function}", "name")):
        msg = "may hold no braces but those of {function}"
        raise ValueError(msg)
    an_endpoint(filled)
    return value


def a_project(value: str) -> str:
    """The id of one of Google's projects. Raises ``ValueError``."""
    if not re.fullmatch(_PROJECT, value):
        msg = "must be a project's id, like my-project-123, and not its name"
        raise ValueError(msg)
    return value


def an_account(value: str) -> str:
    """The address of a service account. Raises ``ValueError``."""
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
        msg = "must be a service account's e-mail address, like push@my-project-123.iam.gserviceaccount.com"
        raise ValueError(msg)
    return value


def an_audience_list(value: str) -> str:
    """Audiences, separated by commas. Raises ``ValueError``."""
    named = [one.strip() for one in value.split(",")]
    if not any(named) or any(re.search(r"\s", one) for one in named):
        msg = "must be one audience or more, separated by commas"
        raise ValueError(msg)
    return value


def a_mail_server(value: Secret) -> Secret:
    """The URL of a mail server. Raises ``ValueError``."""
    parts = urlsplit(value.clear)  # its ValueErrors do not repeat the password
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.port == 0:
        msg = "must be like smtp://user:password@host:587, or smtps://"
        raise ValueError(msg)
    return value


def a_signing_secret(value: Secret) -> Secret:
    """A secret as Standard Webhooks writes it. Raises ``ValueError``."""
    try:
        key = b64decode(value.clear.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if len(key) < SHORTEST_KEY:
        msg = f"must be base64 of {SHORTEST_KEY} bytes or more, with or without whsec_ before it"
        raise ValueError(msg)
    return value


def a_token(value: Secret) -> Secret:
    """A secret that fits into the header of a request. Raises ``ValueError``."""
    if not re.fullmatch(r"[!-~]+", value.clear):
        msg = "must be one word of letters, digits and signs, as its provider shows it"
        raise ValueError(msg)
    return value
