"""A value that nobody sees by accident."""


class Secret:
    """Text that is shown as stars; ``clear`` is the text itself."""

    __slots__ = ("clear",)

    def __init__(self, clear: str) -> None:
        self.clear = clear

    def __eq__(self, other: object) -> bool:
        """Whether the other is the same secret."""
        return isinstance(other, Secret) and self.clear == other.clear

    def __hash__(self) -> int:
        """Of the text."""
        return hash(self.clear)

    def __repr__(self) -> str:
        """Stars, and nothing of the text."""
        return "Secret('***')"

    def __str__(self) -> str:
        """Stars, and nothing of the text."""
        return "***"
