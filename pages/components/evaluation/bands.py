"""Scores by what the polyp and the picture are like: size, place, brightness, cluster; and how much is centre bias."""

from __future__ import annotations

import numpy as np
import streamlit as st

from medxai_core.records.masks import RecordedEvaluation
from medxai_core.study import Study
from medxai_core.views.recorded_scores import PictureScores, find_trivial_row, say_exchange
from medxai_core.views.score_groups import score_by_place, score_by_size
from pages.components.class_words import escape
from pages.components.evaluation.charts import show_bands
from pages.components.evaluation.data import (
    explain_no_clusters,
    get_centre_distances,
    get_scores_by_brightness,
    get_scores_by_cluster,
    get_scores_by_picture,
)


def show_bands_of_scores(study: Study, row: RecordedEvaluation) -> None:
    """Show the four charts, the disk beside the run."""
    mine = get_scores_by_picture(study, row)
    disk_row = find_trivial_row(study, row.split)
    disk = get_scores_by_picture(study, disk_row) if disk_row else None
    st.markdown(escape(say_exchange(row)))
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("By size")
        _show_sizes(mine, disk)
        st.subheader("By brightness")
        _show_brightness(study, row, disk_row)
    with right:
        st.subheader("By place")
        _show_places(study, row, mine, disk)
        st.subheader("By cluster")
        _show_clusters(study, row, disk_row)
    st.caption(
        "Each mark is the mean Dice of the pictures in a band, with its 95 % interval (bootstrap over groups of "
        "pictures); n is the number of pictures. Below about 10 pictures a mean says little. Where the disk is as good "
        "as the run, the place of the polyp explains the score."
    )


def _show_sizes(mine: PictureScores, disk: PictureScores | None) -> None:
    """Show Dice by the share of the picture that is polyp."""
    show_bands(
        score_by_size(mine),
        score_by_size(disk) if disk else None,
        key="chart_sizes",
        title="share of the picture that is polyp",
        alt="Mean Dice by size of the polyp, this run and the disk",
    )
    known = np.isfinite(mine.values("dice"))
    if known.any():
        spread = mine.mask_shares[known].std()
        st.caption(
            f"Polyps cover {mine.polyp_shares[known].mean():.1%} of a picture on average, masks "
            f"{mine.mask_shares[known].mean():.1%} (standard deviation {spread:.1%})."
        )


def _show_places(study: Study, row: RecordedEvaluation, mine: PictureScores, disk: PictureScores | None) -> None:
    """Show Dice by the distance of the polyp from the centre."""
    distances = get_centre_distances(study, row)
    by_position = dict(zip(mine.positions.tolist(), distances.tolist(), strict=True))
    show_bands(
        score_by_place(mine, by_position),
        score_by_place(disk, by_position) if disk else None,
        key="chart_places",
        title="distance of the polyp from the centre (0 centre, 1 corner)",
        alt="Mean Dice by distance of the polyp from the centre, this run and the disk",
    )
    known = distances[np.isfinite(distances)]
    if len(known):
        st.caption(
            f"Half of the polyps lie nearer than {np.median(known):.2f} to the centre: that is what a disk lives on."
        )


def _show_brightness(study: Study, row: RecordedEvaluation, disk_row: RecordedEvaluation | None) -> None:
    """Show Dice by how bright the pictures are."""
    mine = get_scores_by_brightness(study, row)
    if not mine:
        st.caption("Too few pictures of different brightness.")
        return
    show_bands(
        mine,
        get_scores_by_brightness(study, disk_row) if disk_row else None,
        key="chart_brightness",
        title="mean brightness of the picture (0 black, 255 white)",
        alt="Mean Dice by brightness of the picture, this run and the disk",
    )


def _show_clusters(study: Study, row: RecordedEvaluation, disk_row: RecordedEvaluation | None) -> None:
    """Show Dice by the cluster that the pictures would belong to."""
    mine = get_scores_by_cluster(study, row)
    if not mine:
        st.caption(explain_no_clusters(study, row))
        return
    disk = {band.label: band for band in get_scores_by_cluster(study, disk_row)} if disk_row else {}
    beside = [disk[band.label] for band in mine] if all(band.label in disk for band in mine) else None
    show_bands(
        mine,
        beside,
        key="chart_clusters",
        title="nearest cluster of training pictures, worst first",
        alt="Mean Dice by cluster, this run and the disk",
    )
    st.caption(
        f"Clusters with fewer than five of these pictures are left out; {sum(b.n for b in mine)} pictures shown."
    )
