"""What is told of an alert."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct, to_builtins

Channel = Literal["webhook", "email"]


class Notice(Struct, frozen=True, kw_only=True):
    """An alert was raised, or it is over."""

    change: Literal["raised", "cleared"]
    alert_id: UUID
    rule: str
    subject: str
    level: str
    message: str
    value: float
    raised_at: datetime
    cleared_at: datetime | None = None

    def body(self) -> dict[str, Any]:
        """The notice as endpoints receive it."""
        data = {name: value for name, value in to_builtins(self).items() if name != "change"}
        happened = self.cleared_at if self.change == "cleared" else self.raised_at
        assert happened is not None  # noqa: S101  # what is cleared was cleared at some time
        return {"type": f"alert.{self.change}", "timestamp": happened.isoformat().replace("+00:00", "Z"), "data": data}
