"""Addresses that let whoever has them read, signed without a key file: IAM signs for the account we run as."""

import time
from datetime import timedelta
from typing import Any

import google.auth
from google.auth.credentials import Signing
from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.iam import Signer
from google.auth.transport.requests import Request

from infra.gcp.storage.bucket import Bucket
from schemas.stored_object import SigningFailed

SECONDS = 10.0  # for one signature, with the token it needs: somebody waits for the answer

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"  # Cloud Storage's own scope does not sign


class Hurried(google.auth.transport.Request):
    """Google's way to send a request, for requests that together may take ``SECONDS`` from now on."""

    def __init__(self, request: Any) -> None:
        self._request = request
        self._until = time.monotonic() + SECONDS

    def __call__(self, *args: Any, timeout: float | None = None, **more: Any) -> Any:
        """The answer. Raises ``TransportError`` also when no time is left."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TransportError(f"Nothing was signed in {SECONDS:g} s")  # type: ignore[no-untyped-call]  # says nothing
        return self._request(*args, timeout=min(left, timeout or left), **more)


class SigningByIam(Signing):
    """Signs as the service account of these credentials, which needs ``iam.serviceAccounts.signBlob`` on itself.

    That is the role Service Account Token Creator, given to the account on the account.
    """

    def __init__(self, credentials: Any, request: Any) -> None:
        self._email = credentials.service_account_email
        self._credentials = credentials
        self._request = request

    @property
    def signer(self) -> Signer:
        """What makes the next signature."""
        return Signer(Hurried(self._request), self._credentials, self._email)  # type: ignore[no-untyped-call]

    @property
    def signer_email(self) -> str:
        """Whose they are."""
        return str(self._email)

    def sign_bytes(self, message: bytes) -> bytes:
        """A signature, within ``SECONDS``; one request to IAM. Raises ``GoogleAuthError``."""
        return bytes(self.signer.sign(message))


def signing(credentials: Any, request: Any) -> Signing | None:
    """Who signs for these credentials; None for people and others without a service account."""
    if isinstance(credentials, Signing):
        return credentials
    if getattr(credentials, "service_account_email", None) == "default":
        credentials.refresh(Hurried(request))  # a machine learns its account's name with its first token
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
        """Where anybody may read the object for so long; None where nobody here can sign. Raises ``SigningFailed``."""
        try:
            self._signing = self._signing or self._own()
            return None if self._signing is None else self._address(name, seconds, self._signing)
        except GoogleAuthError as error:
            raise SigningFailed(f"IAM did not sign: {type(error).__name__}: {str(error)[:200]}") from error

    def _own(self) -> Signing | None:
        if self._emulator is not None:
            return None
        request = Request()
        credentials, _ = google.auth.default(scopes=[_SCOPE], request=Hurried(request))
        return signing(credentials, request)

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
