"""What a checkpoint says about itself."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import version
from typing import Any

import torch

from medxai_core import __version__
from medxai_core.models import Preprocessing

FORMAT_VERSION = 1


@dataclass(frozen=True)
class OperatingPoint:
    """Say how masks are made from the heat maps of this checkpoint.

    Attributes
    ----------
    layer : int
        Number of the block, from 0.
    method : str
        CAM method, such as "gradcam"; "segmentation" for a segmenter's own map.
    low : float or None
        Lower threshold, 0..1; None if there is none.
    high : float or None
        Upper threshold, 0..1; None if there is none.
    inverted : bool
        True if the mask is what lies outside the thresholds.
    """

    layer: int
    method: str
    low: float | None
    high: float | None
    inverted: bool


def _current_versions() -> dict[str, str]:
    """Return the versions of what gives the numbers."""
    return {"medxai_core": __version__, "torch": torch.__version__, "safetensors": version("safetensors")}


@dataclass(frozen=True)
class CheckpointManifest:
    """Describe a checkpoint.

    Attributes
    ----------
    network : {"b1", "lite1", "lite1-fpn"}
        Which network the weights are of.
    preprocessing : Preprocessing
        How pictures became inputs in training.
    class_names : tuple of str
        Class 0 first.
    training : dict
        Summary of the training, of plain JSON values; unknown is None.
    operating_point : OperatingPoint or None
        How masks are made; None until one is chosen.
    learned_shifts : tuple of (rows, columns), float
        One a block: how far from the geometry's centre its trained weights look, in input pixels, see
        `heatmaps.measure_shifts`. Empty: not measured, and heat maps are put where the geometry says.
    versions : dict of str to str
        Versions of this package and of torch at the time of saving.
    format_version : int
        Version of the file format.
    sha256 : str
        Hash of names, types, shapes and values of the weights; filled in by `save_checkpoint`.
    """

    network: str
    preprocessing: Preprocessing
    class_names: tuple[str, ...] = ("non_polyp", "polyp")
    training: dict[str, Any] = field(default_factory=dict)
    operating_point: OperatingPoint | None = None
    learned_shifts: tuple[tuple[float, float], ...] = ()
    versions: dict[str, str] = field(default_factory=_current_versions)
    format_version: int = FORMAT_VERSION
    sha256: str = ""

    def to_json(self) -> str:
        """Write the manifest as JSON.

        Returns
        -------
        str
            Indented JSON text.

        Raises
        ------
        ValueError
            If the training summary holds NaN or infinity (unknown is None).
        """
        return json.dumps(asdict(self), indent=2, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> CheckpointManifest:
        """Read what `to_json` wrote.

        Parameters
        ----------
        text : str
            JSON text.

        Returns
        -------
        CheckpointManifest
            The same manifest.

        Raises
        ------
        ValueError
            If it is not JSON, or fields are missing or unknown.

        Examples
        --------
        >>> manifest = CheckpointManifest("b1", Preprocessing())
        >>> CheckpointManifest.from_json(manifest.to_json()) == manifest
        True
        """
        values = _check_fields(cls, _add_missing_shifts(json.loads(text)))
        point = values["operating_point"]
        if point is not None:
            values["operating_point"] = OperatingPoint(**_check_fields(OperatingPoint, point))
        values["preprocessing"] = Preprocessing.from_dict(values["preprocessing"])
        values["class_names"] = tuple(values["class_names"])
        values["learned_shifts"] = tuple((float(rows), float(columns)) for rows, columns in values["learned_shifts"])
        return cls(**values)


def _add_missing_shifts(values: Any) -> Any:
    """Return the values of a manifest with "not measured" where it was written before shifts were."""
    return {"learned_shifts": []} | values if isinstance(values, dict) else values


def _check_fields(kind: type, values: Any) -> dict[str, Any]:
    """Return the values as a dictionary, or raise if they are not exactly the fields of a dataclass."""
    expected = {item.name for item in fields(kind)}
    if not isinstance(values, dict) or set(values) != expected:
        came = sorted(values) if isinstance(values, dict) else type(values).__name__
        raise ValueError(f"{kind.__name__} must have the fields {sorted(expected)}; got {came}")
    return dict(values)
