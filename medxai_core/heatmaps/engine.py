"""Maps of all chosen blocks from one forward and one backward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType

import numpy as np
import torch
from torch import nn

from medxai_core.heatmaps.methods import CAM_METHODS
from medxai_core.models import Preprocessing, get_blocks, preprocess

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True)
class HeatmapBatch:
    """Hold the raw maps of several pictures.

    Attributes
    ----------
    maps : dict of int to ndarray (N, h, w) float32
        Block -> raw maps, 0 and above, not normalised.
    logits : ndarray (N,) float32
        Output of the network; positive means polyp.
    """

    maps: dict[int, np.ndarray]
    logits: np.ndarray


class GradCAM:
    """Compute raw CAMs of several blocks at once, inside a ``with`` block.

    One forward pass records the block outputs; one backward pass gives the gradients of the logit with
    respect to all of them. The graph starts at the shallowest block asked for, and no gradient of a weight
    is computed. On leaving, also by an error, hooks are removed and train/eval mode and ``requires_grad``
    are as before; ``.grad`` is never touched. The model must not be used elsewhere meanwhile.

    Parameters
    ----------
    model : Module
        Gives (N,) logits and has ``blocks`` (see `get_blocks`).
    layers : sequence of int, optional
        Numbers of the blocks, from 0; all blocks if not given.
    method : str, default "gradcam"
        One of `CAM_METHODS`.

    Attributes
    ----------
    logits : ndarray (N,) float32 or None
        Logits of the last call.

    Raises
    ------
    ValueError
        If a block or the method does not exist.

    Notes
    -----
    The gradient is that of +logit: maps show what speaks for a polyp, also in a picture classified
    otherwise. Pictures of a batch do not influence each other (batch norm is in eval mode), so the sum of
    their logits gives each picture its own gradient.

    References
    ----------
    .. [1] R. R. Selvaraju et al., "Grad-CAM: Visual explanations from deep networks via gradient-based
       localization", ICCV 2017. https://doi.org/10.1109/ICCV.2017.74

    Examples
    --------
    >>> from medxai_core.models import build_model
    >>> with GradCAM(build_model("b1"), layers=[14, 22]) as cam:
    ...     raw = cam(torch.rand(2, 3, 224, 224))
    >>> raw[14].shape, raw[22].shape
    ((2, 14, 14), (2, 7, 7))
    """

    def __init__(self, model: nn.Module, layers: Sequence[int] | None = None, *, method: str = "gradcam") -> None:
        self.logits: np.ndarray | None = None
        self._model = model
        self._layers = _check_layers(layers, len(get_blocks(model)))
        self._compute = _find_method(method)
        self._outputs: dict[int, torch.Tensor] = {}
        self._hooks: list[torch.utils.hooks.RemovableHandle] = []
        self._modes: list[tuple[nn.Module, bool]] = []
        self._trainable: list[nn.Parameter] = []

    def __enter__(self) -> GradCAM:
        if self._hooks:
            raise ValueError("this GradCAM is in use; make a second one instead of entering it twice")
        self._modes = [(module, module.training) for module in self._model.modules()]
        self._trainable = [weight for weight in self._model.parameters() if weight.requires_grad]
        self._model.eval()
        for weight in self._trainable:
            weight.requires_grad_(False)
        blocks = get_blocks(self._model)
        self._hooks = [blocks[i].register_forward_hook(self._make_recorder(i)) for i in self._layers]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for hook in self._hooks:
            hook.remove()
        for module, training in self._modes:
            module.training = training
        for weight in self._trainable:
            weight.requires_grad_(True)
        self._hooks, self._modes, self._trainable = [], [], []
        self._outputs.clear()

    def __call__(self, inputs: torch.Tensor) -> dict[int, np.ndarray]:
        """Compute the raw maps of a batch.

        Parameters
        ----------
        inputs : Tensor (N, 3, S, S) float32
            From `preprocess`; moved to the model's device.

        Returns
        -------
        dict of int to ndarray (N, h, w) float32
            Block -> raw maps after the ReLU, in the units of logit per cell; not normalised.

        Raises
        ------
        ValueError
            If used outside ``with``, the inputs have another shape or type, or the model does not give
            one logit a picture.
        """
        if not self._hooks:
            raise ValueError("use GradCAM inside a with block: with GradCAM(model, layers=[14]) as cam: ...")
        _check_inputs(inputs)
        self._outputs.clear()
        with torch.inference_mode(False), torch.enable_grad():
            placed = inputs.detach().to(_device_of(self._model))
            logits = self._model(placed.contiguous(memory_format=torch.channels_last))  # computed faster
            _check_logits(logits, len(inputs))
            activations = [self._outputs[layer] for layer in self._layers]
            gradients = torch.autograd.grad(logits.sum(), activations)
        self._outputs.clear()
        self.logits = logits.detach().cpu().numpy()
        with torch.no_grad():
            return {
                layer: self._compute(activation, gradient).relu().cpu().numpy()
                for layer, activation, gradient in zip(self._layers, activations, gradients, strict=True)
            }

    def _make_recorder(self, layer: int) -> Callable[[nn.Module, object, torch.Tensor], torch.Tensor]:
        """Make the hook that keeps a block's output; the shallowest one starts the graph there."""
        is_shallowest = layer == min(self._layers)

        def record(block: nn.Module, received: object, output: torch.Tensor) -> torch.Tensor:
            kept = output.detach().requires_grad_(True) if is_shallowest else output
            self._outputs[layer] = kept
            return kept

        return record


def compute_heatmaps(
    model: nn.Module,
    images: Sequence[np.ndarray],
    *,
    preprocessing: Preprocessing,
    layers: Sequence[int] | None = None,
    method: str = "gradcam",
    batch_size: int = 16,
    on_progress: OnProgress | None = None,
) -> HeatmapBatch:
    """Compute raw maps of any number of pictures, batch by batch.

    Parameters
    ----------
    model : Module
        From `build_model` or `load_checkpoint`.
    images : sequence of ndarray (H, W, 3) uint8
        RGB pictures; each is taken by its index once, so a sequence that reads from disk will do.
    preprocessing : Preprocessing
        The one the model was trained with.
    layers : sequence of int, optional
        Numbers of the blocks; all if not given.
    method : str, default "gradcam"
        One of `CAM_METHODS`.
    batch_size : int, default 16
        Pictures a pass.
    on_progress : callable, optional
        Called as ``on_progress(done, total)`` after each batch; may raise to stop.

    Returns
    -------
    HeatmapBatch
        Raw maps and logits, in the order of the pictures.

    Raises
    ------
    ValueError
        If there is no picture, or one of the arguments is out of range.
    """
    if len(images) == 0 or batch_size < 1:
        raise ValueError(f"need at least one picture and batch_size >= 1; got {len(images)}, {batch_size}")
    maps: dict[int, list[np.ndarray]] = {}
    logits: list[np.ndarray] = []
    with GradCAM(model, layers, method=method) as cam:
        for start in range(0, len(images), batch_size):
            stop = min(start + batch_size, len(images))
            raw = cam(preprocess([images[i] for i in range(start, stop)], preprocessing))
            for layer, batch in raw.items():
                maps.setdefault(layer, []).append(batch)
            logits.append(np.asarray(cam.logits))
            if on_progress is not None:
                on_progress(stop, len(images))
    return HeatmapBatch({layer: np.concatenate(parts) for layer, parts in maps.items()}, np.concatenate(logits))


def _check_layers(layers: Sequence[int] | None, n_blocks: int) -> list[int]:
    """Return the asked blocks without repeats, or raise if one does not exist."""
    if layers is None:
        return list(range(n_blocks))
    asked = list(dict.fromkeys(int(layer) for layer in layers))
    if not asked or any(not 0 <= layer < n_blocks for layer in asked):
        raise ValueError(f"layers must be block numbers 0..{n_blocks - 1}; got {list(layers)}")
    return asked


def _find_method(method: str) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Return the function of a method, or raise if there is none."""
    if method not in CAM_METHODS:
        raise ValueError(f"method must be one of {sorted(CAM_METHODS)}; got {method!r}")
    return CAM_METHODS[method]


def _check_inputs(inputs: torch.Tensor) -> None:
    """Raise unless the inputs are (N, 3, H, W) float32 with at least one picture."""
    if inputs.ndim != 4 or inputs.shape[1] != 3 or len(inputs) == 0 or inputs.dtype != torch.float32:
        raise ValueError(f"inputs must be (N, 3, H, W) float32; got {tuple(inputs.shape)} {inputs.dtype}")


def _check_logits(logits: torch.Tensor, n_images: int) -> None:
    """Raise unless there is one logit a picture."""
    if logits.shape != (n_images,):
        raise ValueError(f"the model must give ({n_images},) logits; got {tuple(logits.shape)}")


def _device_of(model: nn.Module) -> torch.device:
    """Return the device of the model's weights."""
    weight = next(model.parameters(), None)
    return torch.device("cpu") if weight is None else weight.device
