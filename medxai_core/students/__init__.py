"""The recommended mode: a segmenter that learns from what tile labels, drawn frames and itself say."""
