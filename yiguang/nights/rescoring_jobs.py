"""A rescore as a durable workflow: each of its parts is a job on a queue, and what a dead process left is taken up by the next."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from dbos import DBOS, DBOSConfiguredInstance, SetWorkflowID
from dbos import WorkflowHandle as Handle

from yiguang.nights.durable_engine import durable_engine
from yiguang.settings import Settings

QUEUE = "rescore-parts"
#: Goes up when the workflows below change their steps: unfinished ones of an older version are then left alone. It also keeps
#: the night's process from taking these jobs, and this one from taking the night's.
WORKFLOW_VERSION = "rescore-1"
_UNDER_WAY = ("PENDING", "ENQUEUED", "DELAYED")


@DBOS.dbos_class()
class RescoreWorkflows(DBOSConfiguredInstance):
    """`judge` does one part of a rescore and returns when it is stored. It may be called again for the same part after a crash."""

    def __init__(self, judge: Callable[[int, int], None]) -> None:
        super().__init__(config_name="rescore")
        self._judge = judge

    @DBOS.workflow(name="rescore")
    def rescore(self, rescore_id: int, parts: list[int]) -> int:
        """How many parts were done."""
        handles = []
        for number in parts:
            with SetWorkflowID(f"{DBOS.workflow_id}:part-{number:06}"):
                handles.append(DBOS.enqueue_workflow(QUEUE, self.part, rescore_id, number))
        for handle in handles:
            handle.get_result()
        return len(handles)

    @DBOS.workflow(name="rescore-part")
    def part(self, rescore_id: int, number: int) -> None:
        self.judge(rescore_id, number)

    @DBOS.step(name="judge-part")
    def judge(self, rescore_id: int, number: int) -> None:
        self._judge(rescore_id, number)


@contextmanager
def durable_rescore(
    settings: Settings, workflows: RescoreWorkflows, rescore_id: int, parts: Sequence[int], at_once: int
) -> Iterator[Handle[int]]:
    """Starts the workflow of a rescore over `parts`, or takes up the one that a dead process left, and gives its handle."""
    with durable_engine(settings, WORKFLOW_VERSION, [QUEUE], at_once):
        yield _start_or_take_up(workflows, rescore_id, parts)


def _start_or_take_up(workflows: RescoreWorkflows, rescore_id: int, parts: Sequence[int]) -> Handle[int]:
    tries = DBOS.list_workflows(workflow_id_prefix=f"rescore-{rescore_id}:try-", name="rescore", load_input=False)
    for known in tries:
        if known.status in _UNDER_WAY:
            taken_up: Handle[int] = DBOS.retrieve_workflow(known.workflow_id)
            return taken_up
    with SetWorkflowID(f"rescore-{rescore_id}:try-{len(tries) + 1}"):
        return DBOS.start_workflow(workflows.rescore, rescore_id, list(parts))
