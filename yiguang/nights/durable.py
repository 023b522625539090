"""The night as a durable workflow.

A night is one workflow, each of its shards a job on a queue. What was under way when the process died is taken up
again by the next process of the same executor, with the division into shards that was made first.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from dbos import DBOS, DBOSConfiguredInstance, SetWorkflowID
from dbos import WorkflowHandle as Handle

from domain.abilities import Ability
from yiguang.nights.durable_engine import durable_engine
from yiguang.nights.shard_processes import ShardJob
from yiguang.settings import Settings

#: Of the workflow of a night; gives its faults.
NightHandle = Handle[list[str]]

#: On which the night itself stands, and to which it returns when its process died: what stands on no queue the engine gives to
#: whichever executor asks first, and a worker cannot close a night.
NIGHTS = "nights"
#: The queues of shards, by what it takes to do them.
QUEUES = {Ability.CRAWL: "shards", Ability.SHOW: "shards-to-show"}
#: Goes up when the workflows below change their steps: unfinished ones of an older version are then left alone.
WORKFLOW_VERSION = "night-2"
_UNDER_WAY = ("PENDING", "ENQUEUED", "DELAYED")


@DBOS.dbos_class()
class NightWorkflows(DBOSConfiguredInstance):
    """The workflows and what they call. `crawl` runs one shard to its end and gives a fault in Chinese or ""; `close`
    ends the night, of whatever kind it is, and gives what it could not record. Both may be called again after a crash, so both must bear that.
    `begin` is called before a workflow is started, not before one is taken up. `left_to_browsers` says whether a shard has left pages
    of its targets to a process that has one."""

    def __init__(
        self,
        crawl: Callable[[ShardJob], str],
        close: Callable[[str], list[str]],
        begin: Callable[[str], None] = lambda _night_id: None,
        left_to_browsers: Callable[[str, Sequence[int]], bool] = lambda _night_id, _target_ids: False,
    ) -> None:
        super().__init__(config_name="night")
        self.begin = begin
        self.alone = False  # where no other process can come, one queue is enough
        self._crawl = crawl
        self._close = close
        self._left_to_browsers = left_to_browsers

    @DBOS.workflow(name="night")
    def night(self, night_id: str, shards: list[list[int]], share: float) -> list[str]:
        """The faults of the shards that could not be brought to an end, and what could not be recorded. A shard that leaves pages to a browser is
        followed by one of the same targets on the queue of those that have one: so a site has one process at any time."""
        under_way: dict[str, tuple[Handle[str], int, bool]] = {}

        def enqueue(number: int, *, to_show: bool) -> None:
            with SetWorkflowID(f"{DBOS.workflow_id}:shard-{number:03}{':shown' if to_show else ''}"):
                queue = QUEUES[Ability.SHOW if to_show and not self.alone else Ability.CRAWL]
                handle = DBOS.enqueue_workflow(queue, self.shard, night_id, number, shards[number], share, to_show)
            under_way[handle.workflow_id] = handle, number, to_show

        for number in range(len(shards)):
            enqueue(number, to_show=False)
        faults: dict[tuple[int, bool], str] = {}
        while under_way:
            ended = DBOS.wait_first([handle for handle, _, _ in under_way.values()])
            handle, number, shown = under_way.pop(ended.workflow_id)
            if fault := handle.get_result():
                faults[number, shown] = fault
            elif not shown and self.left_to_browsers(night_id, shards[number]):
                enqueue(number, to_show=True)
        unrecorded = self.close(night_id) or []  # an earlier version noted None
        return [*(faults[place] for place in sorted(faults)), *unrecorded]

    @DBOS.workflow(name="shard")
    def shard(self, night_id: str, number: int, target_ids: list[int], share: float, to_show: bool) -> str:
        return self.crawl(night_id, number, target_ids, share, to_show)

    @DBOS.step(name="crawl")
    def crawl(self, night_id: str, number: int, target_ids: list[int], share: float, to_show: bool) -> str:
        return self._crawl(ShardJob(night_id, number, target_ids, os.getpid(), share, to_show))

    @DBOS.step(name="left-to-browsers")
    def left_to_browsers(self, night_id: str, target_ids: list[int]) -> bool:
        return self._left_to_browsers(night_id, target_ids)

    @DBOS.step(name="close")
    def close(self, night_id: str) -> list[str]:
        return self._close(night_id)


@contextmanager
def durable_worker(settings: Settings, workflows: NightWorkflows, name: str) -> Iterator[None]:
    """Takes shards off the queues of what it can while the block runs, as the executor `name`: no other process may have that name.
    `workflows` are known to the engine by having been made."""
    assert workflows.config_name
    mine = [queue for ability, queue in QUEUES.items() if ability in settings.can]
    with durable_engine(settings, WORKFLOW_VERSION, mine, settings.shards, name, mine):
        yield


def queues_waiting(night_id: str) -> list[Ability]:
    """What it takes to do the shards of a night that nobody has begun; empty while any is under way."""
    open_shards = DBOS.list_workflows(
        workflow_id_prefix=f"{night_id}:",
        name="shard",
        status=["PENDING", "ENQUEUED"],
        load_input=False,
        load_output=False,
    )
    if any(known.status == "PENDING" for known in open_shards):
        return []
    names = {known.queue_name for known in open_shards}
    return [ability for ability, queue in QUEUES.items() if queue in names]


def shards_of(name: str) -> list[tuple[str, int]]:
    """The night and the number of each shard that the executor `name` has begun and not ended."""
    under_way = DBOS.list_workflows(executor_id=name, name="shard", status="PENDING", load_output=False)
    return [(str(known.input["args"][0]), int(known.input["args"][1])) for known in under_way if known.input]


def take_over(name: str) -> None:
    """Put the shards of an executor that is dead back on the queue. To be called inside of `durable_night` only."""
    # The engine's own recovery, which it offers to whoever watches over executors
    DBOS._recover_pending_workflows([name])


@contextmanager
def durable_night(
    settings: Settings,
    workflows: NightWorkflows,
    night_id: str,
    shards: Sequence[Sequence[int]],
) -> Iterator[NightHandle]:
    """Starts the workflow of a night, or takes up the one that a dead process left, and gives its handle."""
    workflows.alone = settings.durable_url.startswith("sqlite")
    queues = [QUEUES[Ability.CRAWL]] if workflows.alone else [*QUEUES.values()]
    mine = [queue for ability, queue in QUEUES.items() if workflows.alone or ability in settings.can]
    with durable_engine(settings, WORKFLOW_VERSION, queues, settings.shards, taken_from=mine, also=(NIGHTS,)):
        yield start_or_take_up(workflows, night_id, shards)


def start_or_take_up(workflows: NightWorkflows, night_id: str, shards: Sequence[Sequence[int]]) -> NightHandle:
    """The workflow of the night that is under way, else a new one, whose shards have equal parts of the time for pictures, whoever
    crawls them. To be called inside of `durable_night` only."""
    tries = DBOS.list_workflows(workflow_id_prefix=f"{night_id}:try-", name="night", load_input=False)
    for known in tries:
        if known.status in _UNDER_WAY:
            taken_up: NightHandle = DBOS.retrieve_workflow(known.workflow_id)
            return taken_up
    share = 1.0 / max(1, len(shards))
    workflows.begin(night_id)
    with SetWorkflowID(f"{night_id}:try-{len(tries) + 1}"):
        return DBOS.enqueue_workflow(NIGHTS, workflows.night, night_id, [list(part) for part in shards], share)
