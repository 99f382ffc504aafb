"""Checkpoints: one safetensors file that says what it is, and nothing that is run when it is read."""

from __future__ import annotations

from medxai_core.checkpoints._files import write_at_once
from medxai_core.checkpoints.checkpoint import load_checkpoint, save_checkpoint, save_operating_point
from medxai_core.checkpoints.manifest import FORMAT_VERSION, CheckpointManifest, OperatingPoint
from medxai_core.checkpoints.optimizer_state import load_optimizer_state

__all__ = [
    "FORMAT_VERSION",
    "CheckpointManifest",
    "OperatingPoint",
    "load_checkpoint",
    "load_optimizer_state",
    "save_checkpoint",
    "save_operating_point",
    "write_at_once",
]
