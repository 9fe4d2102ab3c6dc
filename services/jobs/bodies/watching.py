"""Queues, health, statistics and alerts."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.jobs.bodies.jobs import Rank, Status

Level = Literal["warning", "error", "critical"]


class Queue(BaseModel):
    """How full a queue is, and what holds it. Ages are in seconds."""

    queue: str
    paused: bool
    jobs: dict[Status, int]
    oldest_job_age: float
    oldest_by_priority: dict[Rank, float]
    concurrency: int | None
    tenant_concurrency: int | None
    max_size: int


class QueueStatus(BaseModel):
    """All queues; ``paused``: all are, together."""

    paused: bool
    totals: dict[Status, int]
    queues: list[Queue]


class StandingAlert(BaseModel):
    """An alert that stands."""

    level: Level
    message: str


class QueueHealth(BaseModel):
    """How the queues are."""

    status: Literal["healthy", "degraded", "critical"]
    total_jobs: int
    queued_jobs: int
    processing_jobs: int
    failed_jobs: int
    oldest_job_age: float = Field(description="Seconds.")
    alerts: list[StandingAlert] = Field(description="Of all tenants, so told to the tenant `default` only.")


class WeeklySummary(BaseModel):
    """Seven days in numbers."""

    total_jobs: int
    successful_jobs: int
    failed_jobs: int
    cancelled_jobs: int
    average_processing_time: float | None = Field(description="Seconds; null if no job ended.")
    success_rate: float | None = Field(description="Per cent; null if no job ended.")


class DailyThroughput(BaseModel):
    """A UTC day."""

    date: date
    jobs_per_hour: float
    jobs: int


class ProcessingTimes(BaseModel):
    """How long the jobs of a kind took, in seconds; no percentiles where none was timed."""

    jobs: int
    p50: float = 0.0
    p90: float = 0.0
    p99: float = 0.0


class QueueUse(BaseModel):
    """How much of the room for a queue's jobs is used now."""

    queue: str
    slots: int
    busy: int
    utilisation: float = Field(description="Per cent.")


class WorkerUse(BaseModel):
    """How much of the room for jobs is used now."""

    count: int
    slots: int
    busy: int
    utilisation: float | None = Field(description="Per cent, of the fullest queue; null where nobody works.")
    queues: list[QueueUse]


class Statistics(BaseModel):
    """How the last week went."""

    weekly_summary: WeeklySummary
    daily_throughput: list[DailyThroughput]
    processing_times: dict[str, ProcessingTimes] = Field(description="By kind.")
    workers: WorkerUse


class WorkerProcess(BaseModel):
    """A process that works jobs."""

    name: str
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime
    slots: dict[str, int] = Field(description="Room for jobs, by queue.")
    busy: dict[str, int] = Field(description="Jobs it holds, by queue.")


class Outbox(BaseModel):
    """Events that are not published yet."""

    waiting_events: int
    oldest_seconds: float


class MonitorSummary(BaseModel):
    """Everything an operator looks at first."""

    health: QueueHealth
    statistics: Statistics
    workers: list[WorkerProcess]
    outbox: Outbox


class Alert(BaseModel):
    """What was or is wrong."""

    id: UUID
    rule: str
    subject: str | None
    level: Level
    message: str
    standing: bool
    raised_at: datetime
    cleared_at: datetime | None
    value: float
    last_value: float
