"""Scores of masks and of the classifier, with intervals, beside trivial masks.

Read in this order: ``scores`` (one picture), ``polyps`` (one lesion), ``sweeps`` (many thresholds),
``baselines`` (masks without a method), ``intervals`` (how sure), ``summary`` (a whole set),
``classifier`` (labels instead of masks), ``folders`` (two folders of files).
"""
