"""Known departures from the published code: what it did, and what is done here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from medxai_core.clusters import DescriptorShare


@dataclass(frozen=True)
class Departure:
    """Describe one place where this software does not follow the published code.

    Attributes
    ----------
    title : str
        What it is about.
    published : str
        What the published code did.
    here : str
        What is done here.
    matters : str
        What it means for a reader who compares results.
    """

    title: str
    published: str
    here: str
    matters: str


CLUSTER_DISTANCE = "Distance to the centre of a cluster"

DEPARTURES: tuple[Departure, ...] = (
    Departure(
        "When the rounds stop",
        "The loop that spreads labels never ends when no pure cluster with an unlabelled picture is left.",
        "The rounds end with a named reason: target reached, no pure cluster left, or round limit.",
        "A run may end with fewer labels than were aimed at. The number is shown wherever labels are counted.",
    ),
    Departure(
        "One clustering instead of one a round",
        "The pictures were clustered again before every round, with the same input and the same seed: "
        "every round found the same clusters.",
        "The pictures are clustered once. A test proves on real features that the labels are the same.",
        "The result is equal; the waiting is not.",
    ),
    Departure(
        CLUSTER_DISTANCE,
        "The distance was computed and never used. Features were not scaled, so those with large numbers decide what "
        "the clustering sees: over 4,000 tiles of endoscopy pictures texture directions hold 82 % of the variance, "
        "colours 17 %; edges have almost no say, although they are 80 of the 226 numbers. The brightness feature sees "
        "only the upper left part of a picture.",
        "The paper's way is kept as it is, and shown: distance, shares of the features, what sets a cluster "
        "apart. Scaled features can be chosen.",
        "'Looks alike' means 'has alike features of the kind that holds most of the variance'. It does not mean 'shows "
        "the same thing'.",
    ),
    Departure(
        "Colours and scale of the network's input",
        "Heat maps were made with ImageNet normalisation and with red and blue exchanged, on a network that had "
        "been trained on plain colours from 0 to 1.",
        "There is one preprocessing. It is stored with the trained network and used everywhere.",
        "The published maps show how the network reacts to pictures that it was not trained on.",
    ),
    Departure(
        "The hottest spot is cut out",
        "A mask was made where the heat lies between 0.4 and 0.7 (runs 1 to 3). The hottest core of the map is "
        "then outside the mask: a ring.",
        "The paper's band can be chosen and reproduced. The app names it a ring, and a mask with one lower "
        "limit is the default.",
        "A ring around the right place scores low.",
    ),
    Departure(
        "How masks are written",
        "Masks were written through a colour map and with smoothed edges: grey values in between.",
        "Masks hold 0 and 255 only, one channel, of the size and name of the picture, nearest neighbour.",
        "Nobody has to guess a threshold when reading a mask.",
    ),
    Departure(
        "Where a heat map lies on the picture",
        "Maps were enlarged as if their cells were spread evenly. Padding inside the network moves what a cell "
        "looks at: in the layers of 14 x 14 cells by half a cell.",
        "The place of each cell is computed from every layer before it and tested with a spot at a known place.",
        "A published mask can lie half a cell beside what the network looked at.",
    ),
    Departure(
        "Training pictures among the test pictures",
        "HyperKvasir's 1,000 segmented pictures are copies of its labelled polyp pictures: a test picture can "
        "have been a training picture. In sets cut from video, such as CVC-ClinicDB, neighbouring frames can be too.",
        "Exact and near duplicates are searched on import and kept on one side. Patients, procedures and "
        "videos are kept together where the study names them.",
        "Scores of a leaking test set are too high.",
    ),
    Departure(
        "Reading the masks of Kvasir-SEG",
        "The masks are JPEG files and hold grey values around their edges.",
        "A pixel is polyp above 127, everywhere.",
        "Two readers of one mask file count the same pixels.",
    ),
    Departure(
        "The validation figure",
        "The published code keeps the epoch that is best on the 60 validation pictures, and reports that figure.",
        "The best epoch is chosen in the same way. Wherever the figure is shown, it says so.",
        "The validation figure flatters. The test figure does not rest on this choice.",
    ),
    Departure(
        "Starting points of the clustering",
        "Made with scikit-learn 0.24, which draws the first centre in another way than today's.",
        "The settings are spelled out (10 starts, seed 0). The paper's own clusters cannot be had bit for bit.",
        "Cluster numbers and some members differ from the paper's.",
    ),
)
"""In the order of the method."""


def list_departures(shares: Sequence[DescriptorShare] = ()) -> tuple[Departure, ...]:
    """Return the departures, with a study's own shares where it has clusters.

    Parameters
    ----------
    shares : sequence of DescriptorShare
        Of the study's clustering; none where it has none.
    """
    told = say_shares(shares)
    return tuple(
        replace(one, here=f"{one.here} {told}") if told and one.title == CLUSTER_DISTANCE else one for one in DEPARTURES
    )


def say_shares(shares: Sequence[DescriptorShare]) -> str:
    """Say how much each aspect had to say in a study's own clustering, most first; nothing without a variance.

    >>> say_shares([DescriptorShare("a", "colour", 0.2, 0.3, 0.5), DescriptorShare("b", "texture", 0.8, 0.7, 0.9)])[:73]
    'In this study: of the variance that the clustering sees, texture 70 %, co'
    """
    if not shares or any(one.total_share is None or one.between_share is None for one in shares):
        return ""
    seen = _list_shares([(one.total_share or 0.0, one.aspect) for one in shares])
    parted = _list_shares([(one.between_share or 0.0, one.aspect) for one in shares])
    return f"In this study: of the variance that the clustering sees, {seen}; of what parts its clusters, {parted}."


def _list_shares(shares: list[tuple[float, str]]) -> str:
    """Return shares with their aspects, the largest first."""
    return ", ".join(f"{aspect} {100 * share:.0f} %" for share, aspect in sorted(shares, reverse=True))
