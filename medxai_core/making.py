"""Studies in the making: a process of its own makes one, and says in a small file how far it is.

A study has no store until it is complete, so its progress is in ``MEDXAI_HOME/making/<name>.json``.
"""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from medxai_core.config import get_home
from medxai_core.errors import JobError, MedxaiError, StopRequested, StudyExistsError
from medxai_core.progress import OnProgress, Stage
from medxai_core.studies.importing import ImportOptions
from medxai_core.studies.uploads import check_study_name

DEMO_NAME = "demo"
REPORT_EVERY_SECONDS = 0.5
STARTS_WITHIN_SECONDS = 120.0
OPEN_STATUSES = ("starting", "running")
_PROCESSES: list[tuple[str, subprocess.Popen[bytes]]] = []
"""Processes started here, by name of the study, kept so that their ends are noticed."""


@dataclass(frozen=True)
class Making:
    """Say how far a study in the making is.

    Attributes
    ----------
    name, title : str
        Name of the study; what is done, for the user.
    folder : str
        Where the study will be.
    status : {"starting", "running", "done", "failed", "stopped", "lost"}
    stage : str
        What is done now.
    finished : list of str
        Stages that are over.
    done, total : int
        Steps of this stage; total 0: not known yet.
    error, remedy : str
        What went wrong and what to do; empty when nothing did.
    """

    name: str
    title: str
    folder: str
    status: str = "starting"
    stage: str = "starting"
    finished: list[str] = field(default_factory=list)
    done: int = 0
    total: int = 0
    error: str = ""
    remedy: str = ""
    started_at: float = 0.0
    stage_started_at: float = 0.0
    pid: int | None = None
    pid_started_at: float = 0.0
    host: str = ""

    @property
    def is_open(self) -> bool:
        """True while it is at work."""
        return self.status in OPEN_STATUSES

    @property
    def eta_seconds(self) -> float | None:
        """Seconds until the end of this stage; None when unknown."""
        if not (self.is_open and self.done and self.stage_started_at):
            return None
        return (time.time() - self.stage_started_at) / self.done * (self.total - self.done)


def start_demo(name: str = DEMO_NAME) -> Making:
    """Start making the demo study; while it is at work already, return that one.

    Raises
    ------
    StudyExistsError
        There is a study of this name.
    """
    known = get_making(name)
    if known is not None and known.is_open:
        return known
    return _start(name, ["demo"], title="Making the demo study")


def get_demo_progress(name: str = DEMO_NAME) -> Making | None:
    """Return how far the demo is; None when it is not being made."""
    return get_making(name)


def start_import(name: str, options: ImportOptions) -> Making:
    """Start importing pictures into a new study.

    Raises
    ------
    StudyExistsError
        There is a study of this name, or one is being made.
    LayoutError
        The name cannot be that of a study.
    """
    return _start(name, ["study", "create"], list_import_arguments(options), title=f"Importing into {name}")


def list_import_arguments(options: ImportOptions) -> list[str]:
    """Return import options as ``study create`` takes them.

    >>> list_import_arguments(ImportOptions(Path("p"), seeds=3))[:3]
    ['--images=p', '--layout=auto', '--tiles=1x1']
    """
    given = {
        "images": options.images,
        "layout": options.layout,
        "tiles": "x".join(map(str, options.tiles)),
        "seeds": options.seeds,
        "validation": options.validation,
        "tuning-share": options.tuning_share,
        "test-share": options.test_share,
        "seed": options.seed,
        "masks": options.masks,
        "labels": options.labels,
        "group-column": options.group_column,
    }
    return [f"--{name}={value}" for name, value in given.items() if value is not None]


def list_makings() -> list[Making]:
    """Return all studies in the making, and those whose end no one has acknowledged, oldest first."""
    names = [path.stem for path in _get_folder().glob("*.json")]
    found = [making for name in names if (making := get_making(name)) is not None]
    return sorted(found, key=lambda making: making.started_at)


def get_making(name: str) -> Making | None:
    """Return how far one study is; None when it is not being made."""
    written = _read(_get_file(name))
    if written is None:
        return None
    making = Making(**{key: value for key, value in written.items() if key in Making.__dataclass_fields__})
    if making.is_open and _has_vanished(making) and _read_status(name) in OPEN_STATUSES:
        words = f"the process ended without a word (machine restarted, or out of memory). {_read_last_words(name)}"
        return replace(making, status="lost", error=words.strip(), remedy="Start it again.")
    return making


def request_stop(name: str) -> None:
    """Ask the process to stop at its next step; nothing of the study is kept."""
    _get_stop_file(_get_file(name)).touch(mode=0o600)


def is_stop_requested(name: str) -> bool:
    """Return True when someone asked the process to stop."""
    return _get_stop_file(_get_file(name)).exists()


def dismiss(name: str) -> None:
    """Forget how a study was made; one that is at work goes on being listed."""
    making = get_making(name)
    if making is not None and not making.is_open:
        for path in (_get_file(name), _get_stop_file(_get_file(name)), _get_file(name).with_suffix(".log")):
            path.unlink(missing_ok=True)


@contextmanager
def telling(path: Path | None, stage: Stage) -> Iterator[Stage]:
    """Yield a stage callback that also writes to a progress file; the end and the error are written too.

    Parameters
    ----------
    path : Path or None
        The file; None: nothing is written, the callback is yielded as it is.

    Notes
    -----
    Its `on_progress` raises `StopRequested` once someone asked for it.
    """
    if path is None:
        yield stage
        return
    file = _ProgressFile(path)
    file.write(status="running", pid=os.getpid(), pid_started_at=time.time(), host=socket.gethostname())
    try:
        yield lambda title: file.begin_stage(title, stage(title))
    except (StopRequested, KeyboardInterrupt):
        file.write(status="stopped")
        raise
    except MedxaiError as problem:
        file.write(status="failed", error=problem.message, remedy=problem.remedy)
        raise
    except Exception as problem:
        file.write(status="failed", error=f"{type(problem).__name__}: {problem}", remedy="See the log.")
        raise
    file.end_stage()
    file.write(status="done")


class _ProgressFile:
    """Hold what is written to one progress file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values: dict[str, Any] = _read(path) or {"name": path.stem, "title": path.stem, "folder": ""}
        self.written_at = 0.0

    def write(self, **values: Any) -> None:
        """Change some values and write all of them at once."""
        self.values |= values
        self.written_at = time.monotonic()
        _write(self.path, self.values)

    def begin_stage(self, title: str, also: OnProgress) -> OnProgress:
        """Begin a named stage; return its callback, which calls another one too."""
        self.end_stage()
        self.write(stage=title, done=0, total=0, stage_started_at=time.time())

        def report(done: int, total: int) -> None:
            also(done, total)
            if done >= total or time.monotonic() - self.written_at >= REPORT_EVERY_SECONDS:
                self.write(done=done, total=total)
                if _get_stop_file(self.path).exists():
                    raise StopRequested(self.path.stem)

        return report

    def end_stage(self) -> None:
        """Count the stage at work as finished."""
        if self.values.get("stage_started_at"):
            self.values["finished"] = [*self.values.get("finished", []), self.values["stage"]]


def suggest_name() -> str:
    """Return a name that no study has: a number, so that nothing of a folder's name comes into an address."""
    taken = {path.name for path in (get_home() / "studies").glob("*")} | {one.name for one in list_makings()}
    return next(name for name in (f"study-{number}" for number in itertools.count(1)) if name not in taken)


def check_is_free(name: str) -> Path:
    """Return the folder that a new study of this name will have, or raise.

    Raises
    ------
    LayoutError
        The name cannot be that of a study.
    StudyExistsError
        There is a study of this name, or one is being made.
    """
    folder = get_home().resolve() / "studies" / check_study_name(name)
    if folder.exists():
        raise StudyExistsError(f"a study {name!r} exists already.", "Choose another name, or open that one.")
    known = get_making(name)
    if known is not None and known.is_open:
        raise StudyExistsError(f"a study {name!r} is being made already.", "Wait for it, or choose another name.")
    return folder


def _start(name: str, command: Sequence[str], options: Sequence[str] = (), *, title: str) -> Making:
    """Start a command that makes a study, unless one of this name is there or in the making."""
    folder = check_is_free(name)
    dismiss(name)
    making = Making(name, title, str(folder), started_at=time.time())
    file = _get_file(name)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError as error:
        raise JobError(f"a study {name!r} is being made by someone else.", "Look again in a moment.") from error
    _write(file, making.__dict__)
    arguments = [*command, str(folder), *options, f"--progress-file={file}"]
    _PROCESSES[:] = [(known, process) for known, process in _PROCESSES if process.poll() is None]
    _PROCESSES.append((name, _start_process(arguments, log=file.with_suffix(".log"))))
    return making


def _start_process(arguments: Sequence[str], *, log: Path) -> subprocess.Popen[bytes]:
    """Start a command line of this package, detached: it outlives who started it."""
    detached: dict[str, Any] = {"creationflags": 0x208} if os.name == "nt" else {"start_new_session": True}
    root = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "medxai_core", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=os.environ | {"PYTHONPATH": path},
            **detached,
        )


def _has_vanished(making: Making) -> bool:
    """Return True when the process of a study in the making is gone from this machine."""
    started = [process for name, process in _PROCESSES if name == making.name]
    if started and started[-1].poll() is not None:
        return True
    if making.pid is None:
        return time.time() - making.started_at > STARTS_WITHIN_SECONDS
    if making.host != socket.gethostname():
        return False
    import psutil

    try:
        process = psutil.Process(making.pid)
        return process.status() == psutil.STATUS_ZOMBIE or process.create_time() > making.pid_started_at + 2
    except psutil.NoSuchProcess:
        return True


def _read_status(name: str) -> str:
    """Return the status that is written now: it may have ended since it was read."""
    return (_read(_get_file(name)) or {}).get("status", "")


def _read_last_words(name: str) -> str:
    """Return the last line that the process wrote, if any."""
    try:
        lines = _get_file(name).with_suffix(".log").read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")


def _get_folder() -> Path:
    """Return the folder of the progress files."""
    return get_home() / "making"


def _get_file(name: str) -> Path:
    """Return the progress file of one study."""
    return _get_folder() / f"{check_study_name(name)}.json"


def _get_stop_file(file: Path) -> Path:
    """Return the file whose existence asks the process to stop."""
    return file.with_suffix(".stop")


def _read(file: Path) -> dict[str, Any] | None:
    """Return what a progress file holds; None when there is none, or none that can be read."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return values if isinstance(values, dict) and {"name", "title", "folder"} <= set(values) else None


def _write(file: Path, values: dict[str, Any]) -> None:
    """Write a progress file whole: whoever reads it never sees half of it."""
    part = file.with_suffix(f".{os.getpid()}.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as opened:
        json.dump(values, opened)
    os.replace(part, file)
