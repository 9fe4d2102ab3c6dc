"""What may happen to jobs, in any order, beside a model of what must become of them."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from services.jobs.commanding.commands import COMMANDS, InvalidTransition, situation
from services.jobs.engine.settle import LeaseLost, fail, put_aside, retry, settle
from services.jobs.job import Cancelled, Done, Job, Outcome, Resume, Snooze, Waiting, Work
from services.jobs.rank import BOOST_SECONDS
from services.jobs.store import control, held
from services.jobs.sweep import sweep
from tests.contract.jobs.job_model import ENDED, LEGAL, Jobs, Known
from tests.contract.jobs.rig import Final, Passing, done

HOUR = 3600.0
QUEUED = {"ready", "scheduled", "waiting"}
WORK = Work(run=done, announce=True)
OUTCOMES: dict[str, Outcome] = {
    "completed": Done(),
    "cancelled": Cancelled(),
    "scheduled": Snooze(seconds=HOUR),
    "ready": Resume(),
    "waiting": Waiting(queue="q", step="elsewhere"),
}


class JobMachine(Jobs):
    """Callers, workers, zombies and the clock."""

    @rule(count=st.integers(1, 3), priority=st.integers(0, 4))
    def submit(self, count: int, priority: int) -> None:
        for job_id in self.run(self.desk.queue(count, priority=priority)):
            since = self.run(self.desk.row(job_id))["enqueued_at"]
            self.jobs[job_id] = Known(job_id, since, priority)

    @rule(count=st.integers(1, 3))
    def claim(self, count: int) -> None:
        expected = sorted((job for job in self.jobs.values() if job.state == "ready"), key=lambda job: job.rank)
        taken = self.run(self.desk.claim(count))
        assert [job.id for job in taken] == [job.id for job in expected[:count]]
        for job in taken:
            self.jobs[job.id].state, self.jobs[job.id].lease = "running", job

    @precondition(lambda self: self.any_of("running"))
    @rule(data=st.data(), end=st.sampled_from(["completed", "scheduled", "ready", "waiting"]))
    def say(self, data: st.DataObject, end: str) -> None:
        job = self.some(data, "running")
        assert job.lease is not None
        self.run(settle(self.desk.database, job.lease, OUTCOMES[end], announce=True))
        self.lost(job)
        if end == "completed":
            job.progress = 100.0
            job.end(end)
        job.state = end

    @precondition(lambda self: self.any_of("running"))
    @rule(data=st.data(), final=st.booleans())
    def stumble(self, data: st.DataObject, final: bool) -> None:  # noqa: FBT001  # hypothesis draws it
        job = self.some(data, "running")
        assert job.lease is not None
        if final:
            self.run(fail(self.desk.database, job.lease, Final(), work=WORK))
            job.end("failed")
        else:
            self.run(retry(self.desk.database, job.lease, Passing(), seconds=HOUR))
            job.state, job.failures = "scheduled", job.failures + 1
        self.lost(job)

    @precondition(lambda self: self.any_of("running"))
    @rule(data=st.data(), progress=st.floats(0, 100, width=32))
    def get_on(self, data: st.DataObject, progress: float) -> None:
        job = self.some(data, "running")
        assert self.run(self._checkpoint(job.lease, progress))
        job.progress = max(job.progress, progress)

    async def _checkpoint(self, lease: Job | None, progress: float) -> bool:
        assert lease is not None
        async with self.desk.database.transaction() as tx:
            return await held.checkpoint(tx, lease, None, progress=progress, step="here")

    @precondition(lambda self: self.any_of("running"))
    @rule(data=st.data())
    def beat(self, data: st.DataObject) -> None:
        """The worker hears what is wished, and heeds it."""
        job = self.some(data, "running")
        assert job.lease is not None
        assert self.run(self._beat(job.lease)) == {(job.id, job.lease.lease_token): job.want}
        if job.want == "cancel":
            self.run(settle(self.desk.database, job.lease, Cancelled(), announce=True))
            job.end("cancelled")
            self.lost(job)
        elif job.want == "pause":
            self.run(put_aside(self.desk.database, job.lease))
            job.pause()
            self.lost(job)

    async def _beat(self, lease: Job) -> Any:
        async with self.desk.database.transaction() as tx:
            return await held.heartbeat(tx, [(lease.id, lease.lease_token)], lease_seconds=45)

    @precondition(lambda self: self.any_of("waiting"))
    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        job = self.some(data, "waiting")

        async def moved() -> list[UUID]:
            async with self.desk.database.transaction() as tx:
                return await control.move(tx, [job.id], queue="q", step="here", told="ready")

        assert self.run(moved()) == [job.id]
        job.state = "ready"

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), wanted=st.sampled_from(COMMANDS), priority=st.integers(0, 4))
    def commanded(self, data: st.DataObject, wanted: str, priority: int) -> None:
        job = self.some(data)
        where = situation(state=job.state, want=job.want if job.state == "running" else None)
        legal = self._legal(job, where)
        if wanted in legal:
            self.run(self.command(wanted, job.id, priority=priority))
            getattr(self, f"_{wanted}")(job, priority)
        else:
            with pytest.raises(InvalidTransition) as refused:
                self.run(self.command(wanted, job.id, priority=priority))
            assert set(refused.value.extra["legal"]) == legal

    def _legal(self, job: Known, where: str) -> set[str]:
        """A wish that was left behind by its worker counts until the sweep comes by."""
        left = job.state in QUEUED and job.want is not None
        return LEGAL[{"pause": "pausing", "cancel": "cancelling"}[str(job.want)]] if left else LEGAL[where]

    def _cancel(self, job: Known, _: int) -> None:
        if job.state == "running":
            job.want = "cancel"
        else:
            job.end("cancelled")

    def _pause(self, job: Known, _: int) -> None:
        if job.state == "running":
            job.want = "pause"
        else:
            job.pause()

    def _resume(self, job: Known, _: int) -> None:
        if job.state == "paused":
            job.state = job.paused_from
        job.want = None

    def _priority(self, job: Known, priority: int) -> None:
        job.priority = priority

    def _retry(self, job: Known, _: int) -> None:
        job.since = self.run(self.desk.row(job.id))["enqueued_at"]
        job.state, job.want, job.attempt = "ready", None, job.attempt + 1
        job.boost, job.failures, job.progress = BOOST_SECONDS, 0, 0.0

    def _restart(self, job: Known, priority: int) -> None:
        if job.state not in ENDED:
            job.end("cancelled")
        self.lost(job)
        self._retry(job, priority)

    @rule()
    def time_passes(self) -> None:
        """What is scheduled is due, and workers have had time to heed wishes."""
        past = "wanted_at = wanted_at - interval '4 s' WHERE wanted_at IS NOT NULL"
        self.run(self.desk.database.pool.execute(f"UPDATE jobs SET {past}"))
        self.run(self.desk.wake())
        for job in self.jobs.values():
            job.state = "ready" if job.state == "scheduled" else job.state
        wished = [job for job in self.jobs.values() if job.want is not None]
        assert self.run(self.command.enforce()) == len(wished)
        for job in wished:
            self.lost(job)
            if job.want == "cancel":
                job.end("cancelled")
            else:
                job.pause()

    @precondition(lambda self: self.any_of("running"))
    @rule(data=st.data())
    def die(self, data: st.DataObject) -> None:
        """A worker falls silent; it may come back as a zombie."""
        job = self.some(data, "running")
        self.run(self.desk.change(job.id, "lease_until = now() - interval '1 s'"))
        self.run(sweep(self.desk.database))
        self.lost(job)
        job.state = "ready"

    @precondition(lambda self: self.any_of("running"))
    @rule(data=st.data())
    def be_replaced(self, data: st.DataObject) -> None:
        """A worker falls silent, and whatever is ready is taken by others: its zombie meets a job that is held."""
        self.die(data)
        self.claim(len(self.jobs))

    @precondition(lambda self: self.zombies)
    @rule(data=st.data(), end=st.sampled_from([*sorted(OUTCOMES), "progress", "beat", "aside"]))
    def come_back(self, data: st.DataObject, end: str) -> None:
        """Whoever lost a lease changes nothing; that everything is as it was is checked after every step."""
        lease = self.zombies[data.draw(st.integers(0, len(self.zombies) - 1))]
        if end == "progress":
            assert not self.run(self._checkpoint(lease, 100.0))
        elif end == "beat":
            assert self.run(self._beat(lease)) == {}
        else:
            self.run(self._refused(lease, end))

    async def _refused(self, lease: Job, end: str) -> None:
        try:
            if end == "aside":
                await put_aside(self.desk.database, lease)
            else:
                await settle(self.desk.database, lease, OUTCOMES[end], announce=True)
        except LeaseLost:
            return
        msg = f"a zombie wrote {end}"
        raise AssertionError(msg)
