"""A procedural colonoscopy phantom: seeded frames with exact polyp masks. No patient, no download."""

from __future__ import annotations

from medxai_core.phantom.frames import Frame, draw_frame
from medxai_core.phantom.study import draw_study

__all__ = ["Frame", "draw_frame", "draw_study"]
