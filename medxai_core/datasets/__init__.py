"""What a network is fed with: a cache of inputs on disk, and seeded batches of it."""

from medxai_core.datasets.cache import cache_inputs, delete_cache, list_readable_rows, name_item
from medxai_core.datasets.loaders import (
    AUGMENTATIONS,
    BatchLoader,
    LabelledInputs,
    Loaders,
    encode_labels,
    iterate_inputs,
    make_loader,
    split_batches,
)

__all__ = [
    "AUGMENTATIONS",
    "BatchLoader",
    "LabelledInputs",
    "Loaders",
    "cache_inputs",
    "delete_cache",
    "encode_labels",
    "iterate_inputs",
    "list_readable_rows",
    "make_loader",
    "name_item",
    "split_batches",
]
