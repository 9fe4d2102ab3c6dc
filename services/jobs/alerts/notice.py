"""What is told of an alert."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

Channel = Literal["webhook", "email"]


class Notice(BaseModel):
    """An alert was raised, or it is over."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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
        data = self.model_dump(mode="json", exclude={"change"})
        happened = self.cleared_at if self.change == "cleared" else self.raised_at
        assert happened is not None  # noqa: S101  # what is cleared was cleared at some time
        return {"type": f"alert.{self.change}", "timestamp": happened.isoformat().replace("+00:00", "Z"), "data": data}
