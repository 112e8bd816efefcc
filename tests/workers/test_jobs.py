"""Job records: what is enqueued is run, tried again, given up and retried, whatever happens to a worker."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.clock import SystemClock
from app.core.errors import IllegalTransition, NotFound, Transient
from app.core.ids import new_id
from app.core.job_runs import JobRuns
from app.core.jobs import Job, JobQueue, job_id
from app.core.mongo import Database
from workers.runner import Runner


class Work:
    """A handler to order, and the states that were told."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.error: Exception | None = None
        self.told: list[str] = []

    async def handle(self, subject: str) -> None:
        self.calls.append(subject)
        if self.error:
            raise self.error

    async def tell(self, job: Job) -> None:
        self.told.append(job.status)


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def runner(runs: JobRuns, clock: SystemClock, work: Work) -> Runner:
    return Runner(runs, {"handle_delivery": work.handle}, clock, work.tell, timeout_seconds=60, tries=3)


@pytest.fixture
async def job(queue: JobQueue) -> str:
    subject = new_id("dlv")
    await queue.enqueue("handle_delivery", subject)
    return job_id("handle_delivery", subject)


async def hurry(database: Database, job: str) -> None:
    await database["jobs"].update_one({"_id": job}, {"$currentDate": {"due": True}})


async def test_a_job_runs_once_per_arming(queue: JobQueue, runner: Runner, job: str, work: Work) -> None:
    await runner.run(job)
    await runner.run(job)
    assert len(work.calls) == 1
    assert (await queue.get(job)).status == "done"
    await queue.enqueue("handle_delivery", work.calls[0])
    await runner.run(job)
    assert len(work.calls) == 2
    assert work.told == ["done", "done"]


async def test_enqueueing_twice_is_one_job(queue: JobQueue) -> None:
    subject = new_id("dlv")
    for _ in range(3):
        await queue.enqueue("handle_delivery", subject)
        await queue.ensure("handle_delivery", subject)
    assert len(await queue.listed()) == 1
    assert (await queue.counts())["queued"] == 1


async def test_a_transient_error_is_tried_again_later_until_the_job_is_dead(
    database: Database, queue: JobQueue, runner: Runner, job: str, work: Work, clock: SystemClock
) -> None:
    work.error = Transient("secret detail")
    await runner.run(job)
    found = await queue.get(job)
    assert (found.status, found.tries, found.last_error) == ("queued", 1, "Transient")
    assert found.due > found.updated_at
    await database["jobs"].update_one({"_id": job}, {"$set": {"due": clock.now() + timedelta(hours=1)}})
    await runner.run(job)
    assert len(work.calls) == 1, "not before it is due"
    for _ in range(2):
        await hurry(database, job)
        await runner.run(job)
    assert (await queue.get(job)).status == "dead"
    assert "secret" not in str(await database["jobs"].find_one({"_id": job}))


async def test_ensuring_does_not_shorten_the_back_off(
    queue: JobQueue, runner: Runner, job: str, work: Work
) -> None:
    work.error = Transient()
    await runner.run(job)
    due = (await queue.get(job)).due
    await queue.ensure("handle_delivery", work.calls[0])
    assert (await queue.get(job)).due == due
    assert (await queue.get(job)).tries == 1


async def test_another_error_fails_at_once_and_can_be_retried(
    queue: JobQueue, runner: Runner, job: str, work: Work
) -> None:
    work.error = ValueError()
    await runner.run(job)
    assert [failed.id for failed in await queue.listed(statuses=("failed", "dead"))] == [job]
    work.error = None
    assert (await queue.retry(job)).status == "queued"
    await runner.run(job)
    assert (await queue.get(job)).status == "done"
    with pytest.raises(IllegalTransition):
        await queue.retry(job)
    with pytest.raises(NotFound):
        await queue.retry(new_id("job"))


async def test_a_job_of_a_dead_worker_is_queued_again(
    database: Database, queue: JobQueue, runs: JobRuns, runner: Runner, job: str, work: Work
) -> None:
    stale = await runs.claim(job)
    assert stale is not None
    assert await runs.revive() == 0, "its lease stands"
    await database["jobs"].update_one({"_id": job}, {"$currentDate": {"lease": True}})
    assert await runs.revive() == 1
    await runner.run(job)
    assert len(work.calls) == 1
    assert await runs.fail(stale, "Late") is None, "a worker that slept through its lease changes nothing"
    assert (await queue.get(job)).status == "done"


async def test_arming_while_running_runs_it_again(
    queue: JobQueue, runs: JobRuns, runner: Runner, job: str, work: Work
) -> None:
    run = await runs.claim(job)
    assert run is not None
    await queue.enqueue("handle_delivery", run.job.subject)
    assert await runs.done(run) is None
    await runner.run(job)
    assert len(work.calls) == 1
    assert (await queue.get(job)).status == "done"


async def test_a_lost_offer_is_repeated(database: Database, runs: JobRuns, job: str) -> None:
    assert [offered for offered, _ in await runs.offer(10)] == [job]
    assert await runs.offer(10) == []
    long_ago = SystemClock().now() - timedelta(seconds=6)
    await database["jobs"].update_one({"_id": job}, {"$set": {"offered_at": long_ago}})
    assert [offered for offered, _ in await runs.offer(10)] == [job]


async def test_pausing_is_remembered(queue: JobQueue) -> None:
    assert not await queue.paused()
    await queue.pause()
    assert await queue.paused()
    await queue.resume()
    assert not await queue.paused()
