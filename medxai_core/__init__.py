"""The method: from endoscopy pictures to segmentation masks that no one drew."""

__version__ = "0.1.0"
