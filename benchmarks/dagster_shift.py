"""The same clips through Dagster: `python -m benchmarks.dagster_shift CLIPS FOLDER`.

Optional: it needs `pip install dagster` (1.13) beside the project. One op a clip, mapped over the
folder, two at once in processes of their own (Dagster's way to run ops in parallel), which a
fork server that has imported everything keeps cheap; an op a step would start 25 a clip. Timed
from the call of the job to its end; the definitions are loaded before.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from dagster import (
    DagsterInstance,
    DynamicOut,
    DynamicOutput,
    execute_job,
    job,
    multiprocess_executor,
    op,
    reconstructable,
)

from utils.config import prepare_torch

PARALLEL = 2
_EXECUTOR = multiprocess_executor.configured(
    {
        "max_concurrent": PARALLEL,
        "start_method": {"forkserver": {"preload_modules": ["benchmarks.plain", "whisper"]}},
    }
)


@op(out=DynamicOut(str), config_schema={"clips": str})
def clips(context) -> Iterator[DynamicOutput[str]]:  # type: ignore[no-untyped-def]
    for number, path in enumerate(sorted(Path(context.op_config["clips"]).iterdir())):
        yield DynamicOutput(str(path), mapping_key=f"clip_{number}")


@op(config_schema={"folder": str})
def work(context, clip: str) -> None:  # type: ignore[no-untyped-def]
    from benchmarks.plain import work_on

    work_on(Path(clip), Path(context.op_config["folder"], Path(clip).name))


@job(executor_def=_EXECUTOR)
def shift() -> None:
    clips().map(work)


def main(source: Path, folder: Path) -> float:
    config = {
        "ops": {
            "clips": {"config": {"clips": str(source)}},
            "work": {"config": {"folder": str(folder)}},
        }
    }
    prepare_torch()
    (folder / "dagster").mkdir(parents=True)
    with DagsterInstance.local_temp(str(folder / "dagster")) as instance:
        started = time.perf_counter()
        done = execute_job(reconstructable(shift), instance, run_config=config)
        assert done.success
        return time.perf_counter() - started


if __name__ == "__main__":
    # By its full name, as the processes that Dagster starts import it.
    from benchmarks import dagster_shift

    print(dagster_shift.main(Path(sys.argv[1]), Path(sys.argv[2])))
