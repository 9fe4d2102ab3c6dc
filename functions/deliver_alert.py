"""Tell people of alerts, by webhook or e-mail."""

from datetime import UTC, datetime
from functools import partial

from infra.runtime.functions.deployed import deployed
from infra.runtime.runtime import Runtime
from services.jobs.alerts.channels import channels
from services.jobs.alerts.deliver_alert import deliver_alert
from services.jobs.alerts.watch import KIND, QUEUE
from services.jobs.function import works
from services.jobs.job import Work


@deployed
@works(queue=QUEUE, kind=KIND)
def main(runtime: Runtime) -> Work:
    """Notices in, messages out."""
    run = partial(
        deliver_alert,
        channels=runtime.once(channels),
        session=runtime.session,
        now=lambda: datetime.now(UTC),
    )
    return Work(run=run)
