"""The night as a durable workflow.

A night is one workflow, each of its shards a job on a queue. What was under way when the process died is taken up
again by the next process of the same executor, with the division into shards that was made first.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from dbos import DBOS, DBOSConfiguredInstance, SetWorkflowID
from dbos import WorkflowHandle as Handle

from yiguang.durable_engine import durable_engine
from yiguang.settings import Settings
from yiguang.shard_processes import ShardJob

#: Of the workflow of a night; gives its faults.
NightHandle = Handle[list[str]]

QUEUE = "shards"
#: On which the night itself stands, and to which it returns when its process died: what stands on no queue the engine gives to
#: whichever executor asks first, and a worker cannot close a night.
NIGHTS = "nights"
#: Goes up when the workflows below change their steps: unfinished ones of an older version are then left alone.
WORKFLOW_VERSION = "night-1"
_UNDER_WAY = ("PENDING", "ENQUEUED", "DELAYED")


@DBOS.dbos_class()
class NightWorkflows(DBOSConfiguredInstance):
    """The workflows and what they call. `crawl` runs one shard to its end and gives a fault in Chinese or ""; `close`
    ends the night. Both may be called again after a crash, so both must bear that. `begin` is called before a workflow
    is started, not before one is taken up."""

    def __init__(
        self,
        crawl: Callable[[ShardJob], str],
        close: Callable[[str], None],
        begin: Callable[[str], None] = lambda _night_id: None,
    ) -> None:
        super().__init__(config_name="night")
        self.begin = begin
        self._crawl = crawl
        self._close = close

    @DBOS.workflow(name="night")
    def night(self, night_id: str, shards: list[list[int]]) -> list[str]:
        """The faults of the shards that could not be brought to an end."""
        handles = []
        for number, target_ids in enumerate(shards):
            with SetWorkflowID(f"{DBOS.workflow_id}:shard-{number:03}"):
                handles.append(DBOS.enqueue_workflow(QUEUE, self.shard, night_id, number, target_ids))
        faults = [fault for handle in handles if (fault := handle.get_result())]
        self.close(night_id)
        return faults

    @DBOS.workflow(name="shard")
    def shard(self, night_id: str, number: int, target_ids: list[int]) -> str:
        return self.crawl(night_id, number, target_ids)

    @DBOS.step(name="crawl")
    def crawl(self, night_id: str, number: int, target_ids: list[int]) -> str:
        return self._crawl(ShardJob(night_id, number, target_ids, os.getpid()))

    @DBOS.step(name="close")
    def close(self, night_id: str) -> None:
        self._close(night_id)


@contextmanager
def durable_worker(settings: Settings, workflows: NightWorkflows, name: str) -> Iterator[None]:
    """Takes shards off the queue while the block runs, as the executor `name`: no other process may have that name. `workflows`
    are known to the engine by having been made."""
    assert workflows.config_name
    with durable_engine(settings, WORKFLOW_VERSION, QUEUE, settings.shards, name):
        yield


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
    with durable_engine(settings, WORKFLOW_VERSION, QUEUE, settings.shards, also=(NIGHTS,)):
        yield start_or_take_up(workflows, night_id, shards)


def start_or_take_up(workflows: NightWorkflows, night_id: str, shards: Sequence[Sequence[int]]) -> NightHandle:
    """The workflow of the night that is under way, else a new one. To be called inside of `durable_night` only."""
    tries = DBOS.list_workflows(workflow_id_prefix=f"{night_id}:try-", name="night", load_input=False)
    for known in tries:
        if known.status in _UNDER_WAY:
            taken_up: NightHandle = DBOS.retrieve_workflow(known.workflow_id)
            return taken_up
    workflows.begin(night_id)
    with SetWorkflowID(f"{night_id}:try-{len(tries) + 1}"):
        return DBOS.enqueue_workflow(NIGHTS, workflows.night, night_id, [list(part) for part in shards])
