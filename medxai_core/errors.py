"""Errors a user can act on: each says what happened and what to do next."""

from __future__ import annotations

from dataclasses import dataclass


class MedxaiError(Exception):
    """Report something the user can act on.

    Parameters
    ----------
    message : str
        What was expected, what came, which item.
    remedy : str, default ""
        What to do next, as one sentence.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class UnreadableImageError(MedxaiError):
    """A picture cannot be decoded, or is too large to decode safely."""


class MaskMismatchError(MedxaiError):
    """A mask does not fit its picture."""


class NotEnoughImagesError(MedxaiError):
    """There are fewer pictures than the step needs."""


class NoSeedsError(MedxaiError):
    """No labelled picture to start from, or only one class."""


class LayoutError(MedxaiError):
    """A folder of pictures is not laid out as expected."""


class StudyNotFoundError(MedxaiError):
    """No study in this folder."""


class StudyExistsError(MedxaiError):
    """A study is already in this folder."""


class StudyDamagedError(MedxaiError):
    """A study folder is half-written or damaged."""


class SchemaVersionError(MedxaiError):
    """The study was written by another version of the software."""


class StudyNotWritableError(MedxaiError):
    """The study folder cannot be written (read-only or full disk)."""


class StudyBusyError(StudyNotWritableError):
    """Another program is writing to the study: the same may succeed a moment later."""


class StageMissingError(MedxaiError):
    """A stage that must come first has not run."""


class RunNotFoundError(MedxaiError):
    """No training run of this name in the study."""


class ImageNotFoundError(MedxaiError):
    """No such picture in the study."""


class ImageChangedError(MedxaiError):
    """A picture on disk is missing, or is not the one that was imported."""


class IncompatibleCheckpointError(MedxaiError):
    """A checkpoint is damaged, foreign, or of another network."""


class DecisionError(MedxaiError):
    """A review decision cannot be taken or undone."""


class TestSplitLockedError(MedxaiError):
    """The truth of test pictures is hidden until the setting is locked."""

    __test__ = False


class SettingError(MedxaiError):
    """A layer, a method or a threshold that cannot be used."""


class JobError(MedxaiError):
    """A job cannot be started, stopped or found."""


class StopRequested(Exception):
    """Leave a long loop because the user asked for it. Not an error.

    Attributes
    ----------
    remedy : str
        How what was stopped goes on, as one sentence; empty when it does not.
    """

    remedy: str = ""


@dataclass(frozen=True)
class Failure:
    """Name one item that a batch could not handle, and why.

    Attributes
    ----------
    item : str
        Name of the item as the user knows it (path or id).
    reason : str
        Why it was left out, with the remedy.
    """

    item: str
    reason: str
