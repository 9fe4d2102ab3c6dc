"""What some settings must look like. A secret that does not is refused without being shown."""

import re
from base64 import b64decode
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr


def _endpoint(value: str) -> str:
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


def _origin(value: str) -> str:
    return _endpoint(value).rstrip("/")


def _host_and_port(value: str) -> str:
    if not re.fullmatch(r"[^\s/:]+:\d+", value) or not _leads_somewhere(f"//{value}"):
        msg = "must be host:port, without http://, and the port one from 1 to 65535"
        raise ValueError(msg)
    return value


def _lake_url(value: str) -> str:
    if not re.fullmatch(r"file:///.+|gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/[^?#]*)?", value):
        msg = "must be file:///folder or gs://bucket[/prefix]"
        raise ValueError(msg)
    return value.rstrip("/")


def _warehouse_url(value: str) -> str:
    if not re.fullmatch(r"file:///.+|bq://[a-z0-9:.-]+\.\w+", value):
        msg = "must be file:///folder or bq://project.dataset"
        raise ValueError(msg)
    return value.rstrip("/")


def _push_url(value: str) -> str:
    if "{function}" not in value:
        msg = "must hold {function} where the function's name belongs"
        raise ValueError(msg)
    if set("{}") & set(filled := value.replace("{function}", "name")):
        msg = "may hold no braces but those of {function}"
        raise ValueError(msg)
    _endpoint(filled)
    return value


def _project(value: str) -> str:
    if not re.fullmatch(r"([a-z0-9.-]+:)?[a-z0-9][a-z0-9-]*", value):
        msg = "must be a project's id, like my-project-123, and not its name"
        raise ValueError(msg)
    return value


def _account(value: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
        msg = "must be a service account's e-mail address, like push@my-project-123.iam.gserviceaccount.com"
        raise ValueError(msg)
    return value


def _audiences(value: str) -> str:
    named = [one.strip() for one in value.split(",")]
    if not any(named) or any(re.search(r"\s", one) for one in named):
        msg = "must be one audience or more, separated by commas"
        raise ValueError(msg)
    return value


def _mail_server(value: SecretStr) -> SecretStr:
    parts = urlsplit(value.get_secret_value())  # its ValueErrors do not repeat the password
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.port == 0:
        msg = "must be like smtp://user:password@host:587, or smtps://"
        raise ValueError(msg)
    return value


def _signing_secret(value: SecretStr) -> SecretStr:
    try:
        b64decode(value.get_secret_value().removeprefix("whsec_"), validate=True)
    except ValueError:
        msg = "must be base64, with or without whsec_ before it"
        raise ValueError(msg) from None
    return value


Endpoint = Annotated[str, AfterValidator(_endpoint)]
Origin = Annotated[str, AfterValidator(_origin)]
HostAndPort = Annotated[str, AfterValidator(_host_and_port)]
LakeUrl = Annotated[str, AfterValidator(_lake_url)]
WarehouseUrl = Annotated[str, AfterValidator(_warehouse_url)]
PushUrl = Annotated[str, AfterValidator(_push_url)]
Project = Annotated[str, AfterValidator(_project)]
Account = Annotated[str, AfterValidator(_account)]
Audiences = Annotated[str, AfterValidator(_audiences)]
MailServer = Annotated[SecretStr, AfterValidator(_mail_server)]
SigningSecret = Annotated[SecretStr, AfterValidator(_signing_secret)]
