"""Addresses that let whoever has them read, signed without a key file: IAM signs for the account we run as."""

from datetime import timedelta
from typing import Any

import google.auth
import structlog
from google.auth.credentials import Signing
from google.auth.exceptions import GoogleAuthError
from google.auth.iam import Signer
from google.auth.transport.requests import Request

from infra.gcp.storage.bucket import Bucket

log = structlog.get_logger()

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"  # Cloud Storage's own scope does not sign


class SigningByIam(Signing):
    """Signs as the service account of these credentials, which needs ``iam.serviceAccounts.signBlob`` on itself.

    That is the role Service Account Token Creator, given to the account on the account.
    """

    def __init__(self, credentials: Any, request: Any) -> None:
        self._email = credentials.service_account_email
        self._signer = Signer(request, credentials, self._email)  # type: ignore[no-untyped-call]  # says nothing

    @property
    def signer(self) -> Signer:
        """What makes the signatures."""
        return self._signer

    @property
    def signer_email(self) -> str:
        """Whose they are."""
        return str(self._email)

    def sign_bytes(self, message: bytes) -> bytes:
        """A signature; one request to IAM. Raises ``GoogleAuthError``."""
        return bytes(self._signer.sign(message))


def signing(credentials: Any, request: Any) -> Signing | None:
    """Who signs for these credentials; None for people and others without a service account."""
    if isinstance(credentials, Signing):
        return credentials
    if getattr(credentials, "service_account_email", None) == "default":
        credentials.refresh(request)  # a machine learns its account's name with its first token
    return SigningByIam(credentials, request) if getattr(credentials, "service_account_email", None) else None


class Addresses:
    """Signed addresses of a bucket's objects. Every method blocks; any thread may call any.

    Without ``signing`` the process's own credentials sign where they can; an ``emulator`` asks for none.
    """

    def __init__(self, bucket: Bucket, *, signing: Signing | None, emulator: str | None) -> None:
        self._bucket = bucket
        self._signing = signing
        self._emulator = emulator

    def signed(self, name: str, *, seconds: float) -> str | None:
        """Where anybody may read the object for so long; None where nobody here can sign."""
        try:
            self._signing = self._signing or self._own()
            return None if self._signing is None else self._address(name, seconds, self._signing)
        except GoogleAuthError as error:
            log.warning("an address cannot be signed", reason=str(error))
            return None

    def _own(self) -> Signing | None:
        if self._emulator is not None:
            return None
        credentials, _ = google.auth.default(scopes=[_SCOPE])
        return signing(credentials, Request())

    def _address(self, name: str, seconds: float, by: Signing) -> str:
        file = name.rpartition("/")[2]
        return str(
            self._bucket.blob(name).generate_signed_url(
                version="v4",
                expiration=timedelta(seconds=seconds),
                credentials=by,
                response_disposition=f'attachment; filename="{file}"',
                **({"api_access_endpoint": self._emulator} if self._emulator else {}),
            )
        )
