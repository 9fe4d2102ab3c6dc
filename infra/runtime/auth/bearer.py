"""What stands in an ``Authorization`` header."""


def bearer(authorization: str | None) -> str | None:
    """The token that is borne; None if there is none."""
    kind, _, token = (authorization or "").partition(" ")
    return token.strip() or None if kind.lower() == "bearer" else None
