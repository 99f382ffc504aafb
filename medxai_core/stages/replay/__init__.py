"""Do a run again from what is recorded of it, and say what came out the same; read `record` first."""

from __future__ import annotations

from medxai_core.stages.replay.record import FILE, Replay, compare_report, find_replay, replay_run
from medxai_core.stages.replay.steps import ReplayStep

__all__ = ["FILE", "Replay", "ReplayStep", "compare_report", "find_replay", "replay_run"]
