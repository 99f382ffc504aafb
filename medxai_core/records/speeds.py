"""How long one picture takes, as measured for a run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from medxai_core.events import record_event
from medxai_core.records.result_digests import digest_results
from medxai_core.study import Study, write_fact


@dataclass(frozen=True)
class RecordedSpeed:
    """Hold the times of pictures of one run, from the decoded frame to the mask.

    Attributes
    ----------
    split : str
        Whose pictures.
    image_ids : list of str
    seconds : list of float
        One a picture, in the order of `image_ids`; one picture at a time.
    setting : dict
        Layer, method and band of the mask.
    machine : dict
        Device, threads, versions.
    measured_at : str
    """

    run_id: str
    split: str
    image_ids: list[str]
    seconds: list[float]
    setting: dict[str, Any]
    machine: dict[str, Any]
    measured_at: str

    @property
    def summary(self) -> dict[str, float]:
        """Return mean, shortest and longest seconds a picture, and n."""
        mean = sum(self.seconds) / len(self.seconds)
        return {
            "mean_seconds": mean,
            "min_seconds": min(self.seconds),
            "max_seconds": max(self.seconds),
            "n": len(self.seconds),
        }


def record_speed(study: Study, speed: RecordedSpeed) -> None:
    """Record the times of a run; a later measurement takes the place of an earlier one."""
    key = f"speed:{speed.run_id}"
    with study.begin() as connection:
        write_fact(connection, key, asdict(speed))
        digests = {"digests": digest_results(connection, study.folder, [key])}
        details = {"run_id": speed.run_id, "split": speed.split} | speed.summary
        record_event(connection, "measure-speed", details | digests)


def find_speed(study: Study, run_id: str) -> RecordedSpeed | None:
    """Return the times of a run, or None when they were not measured."""
    found = study.get_fact(f"speed:{run_id}")
    return RecordedSpeed(**found) if found else None


def say_timing(speed: RecordedSpeed) -> str:
    """Say what the times of a run were measured on."""
    n, machine = len(speed.seconds), speed.machine
    return (
        f"Timed once, on {n} picture{'' if n == 1 else 's'}, on {speed.measured_at[:16].replace('T', ' ')} UTC "
        f"(device {machine.get('device', '?')}, {machine.get('n_cpus', '?')} cores). Other work on the machine at that "
        "time makes it slower; whether there was any is not recorded."
    )
