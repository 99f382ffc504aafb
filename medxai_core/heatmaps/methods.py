"""The CAM family: each method turns activations and gradients into one map a picture.

Every method takes the output of one block and the gradient of the logit with respect to it, both
(N, C, h, w), and returns (N, h, w) before the ReLU. Block outputs of EfficientNets can be negative: methods
that divide by a sum of activations (gradcam++, xgradcam) were made for outputs that cannot.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

CamMethod = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def compute_gradcam(activations: torch.Tensor, gradients: torch.Tensor) -> torch.Tensor:
    """Weight each channel by its mean gradient.

    Parameters
    ----------
    activations, gradients : Tensor (N, C, h, w)
        Block output, and gradient of the logit with respect to it.

    Returns
    -------
    Tensor (N, h, w)
        Map before the ReLU.

    References
    ----------
    .. [1] R. R. Selvaraju et al., "Grad-CAM", ICCV 2017. https://doi.org/10.1109/ICCV.2017.74

    Examples
    --------
    >>> activations = torch.tensor([[[[1.0, 0.0]], [[0.0, 1.0]]]])
    >>> gradients = torch.tensor([[[[2.0, 2.0]], [[-1.0, -1.0]]]])
    >>> compute_gradcam(activations, gradients)
    tensor([[[ 2., -1.]]])
    """
    return _weighted_sum(gradients.mean(dim=(2, 3)), activations)


def compute_gradcam_pp(activations: torch.Tensor, gradients: torch.Tensor) -> torch.Tensor:
    """Weight each channel by its positive gradients, shared out so that every place counts alike.

    Parameters
    ----------
    activations, gradients : Tensor (N, C, h, w)
        Block output, and gradient of the logit with respect to it.

    Returns
    -------
    Tensor (N, h, w)
        Map before the ReLU.

    Notes
    -----
    The score is taken as exp(logit), as in the source; its factor cancels when the map is scaled. Other
    implementations add a small number to the denominator, which changes the map when gradients are small.
    Here a place whose denominator is 0 gets weight 0.

    References
    ----------
    .. [1] A. Chattopadhay et al., "Grad-CAM++", WACV 2018, equation 19.
       https://doi.org/10.1109/WACV.2018.00097
    """
    squared = gradients.square()
    total = activations.sum(dim=(2, 3), keepdim=True)  # (N, C, 1, 1)
    denominator = 2 * squared + total * squared * gradients
    shares = torch.where(denominator != 0, squared / denominator, 0.0)
    return _weighted_sum((shares * gradients.relu()).sum(dim=(2, 3)), activations)


def compute_xgradcam(activations: torch.Tensor, gradients: torch.Tensor) -> torch.Tensor:
    """Weight each channel by its gradients averaged where the channel is active.

    Parameters
    ----------
    activations, gradients : Tensor (N, C, h, w)
        Block output, and gradient of the logit with respect to it.

    Returns
    -------
    Tensor (N, h, w)
        Map before the ReLU.

    Notes
    -----
    A channel whose activations sum to 0 gets weight 0.

    References
    ----------
    .. [1] R. Fu et al., "Axiom-based Grad-CAM", BMVC 2020. https://doi.org/10.48550/arXiv.2008.02312
    """
    total = activations.sum(dim=(2, 3))
    weights = torch.where(total != 0, (gradients * activations).sum(dim=(2, 3)) / total, 0.0)
    return _weighted_sum(weights, activations)


def compute_hirescam(activations: torch.Tensor, gradients: torch.Tensor) -> torch.Tensor:
    """Multiply activation and gradient place by place; for the last block, shows only what raised the logit.

    Parameters
    ----------
    activations, gradients : Tensor (N, C, h, w)
        Block output, and gradient of the logit with respect to it.

    Returns
    -------
    Tensor (N, h, w)
        Map before the ReLU.

    References
    ----------
    .. [1] R. L. Draelos and L. Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations",
       2020. https://doi.org/10.48550/arXiv.2011.08891
    """
    return (gradients * activations).sum(dim=1)


def compute_layercam(activations: torch.Tensor, gradients: torch.Tensor) -> torch.Tensor:
    """Multiply activation and positive gradient place by place; made for early blocks.

    Parameters
    ----------
    activations, gradients : Tensor (N, C, h, w)
        Block output, and gradient of the logit with respect to it.

    Returns
    -------
    Tensor (N, h, w)
        Map before the ReLU.

    References
    ----------
    .. [1] P.-T. Jiang et al., "LayerCAM", IEEE Transactions on Image Processing 30, 2021.
       https://doi.org/10.1109/TIP.2021.3089943
    """
    return (gradients.relu() * activations).sum(dim=1)


def compute_eigencam(activations: torch.Tensor, gradients: torch.Tensor) -> torch.Tensor:
    """Project the activations on their first principal direction; knows nothing of the class.

    Parameters
    ----------
    activations : Tensor (N, C, h, w)
        Block output.
    gradients : Tensor (N, C, h, w)
        Not used: the map is the same for both classes.

    Returns
    -------
    Tensor (N, h, w)
        Map before the ReLU.

    Notes
    -----
    As in the source, activations are not centred (the ``grad-cam`` package centres them). A direction has
    no sign: here the map's sum is never negative.

    References
    ----------
    .. [1] M. B. Muhammad and M. Yeasin, "Eigen-CAM", IJCNN 2020.
       https://doi.org/10.1109/IJCNN48605.2020.9206626
    """
    places = activations.flatten(2).double()  # (N, C, h*w)
    directions = torch.linalg.eigh(places @ places.transpose(1, 2)).eigenvectors[:, :, -1]  # (N, C)
    projected = torch.einsum("nc,ncp->np", directions, places)
    signs = torch.where(projected.sum(dim=1, keepdim=True) < 0, -1.0, 1.0)
    maps = (signs * projected).reshape(len(activations), *activations.shape[2:])
    return maps.to(activations.dtype)


CAM_METHODS: dict[str, CamMethod] = {
    "gradcam": compute_gradcam,
    "gradcam++": compute_gradcam_pp,
    "layercam": compute_layercam,
    "hirescam": compute_hirescam,
    "xgradcam": compute_xgradcam,
    "eigencam": compute_eigencam,
}


def _weighted_sum(weights: torch.Tensor, activations: torch.Tensor) -> torch.Tensor:
    """Sum the channels with one weight each: (N, C), (N, C, h, w) -> (N, h, w)."""
    return torch.einsum("nc,nchw->nhw", weights, activations)
