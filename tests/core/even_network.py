"""A network whose maps are known: the brightness around each cell."""

from __future__ import annotations

from torch import nn

from medxai_core.models import PolypClassifier, build_model


def make_even_network(network: str) -> PolypClassifier:
    """Return a linear network with equal positive weights, so that its maps are local means of the picture.

    Squeeze and excite layers are fixed at 1/2, so that each cell sees only its surroundings.
    """
    model = build_model(network).eval()
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.constant_(module.weight, 1 / module.weight[0].numel())
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    for module in model.modules():
        if hasattr(module, "_swish"):
            module._swish = nn.Identity()
        if hasattr(module, "_se_expand"):
            nn.init.zeros_(module._se_expand.weight)
    return model
