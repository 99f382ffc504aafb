"""Known departures from the published code: what it did, and what is done here."""

from __future__ import annotations

from dataclasses import dataclass


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
        "Distance to the centre of a cluster",
        "The distance was computed and never used. Features were not scaled, so texture directions hold 82 % of "
        "the variance that the clustering sees, colours 17 %; edges have almost no say, although they are 80 of "
        "the 226 numbers. The brightness feature sees only the upper left part of a picture.",
        "The paper's way is kept as it is, and shown: distance, shares of the features, what sets a cluster "
        "apart. Scaled features can be chosen.",
        "'Looks alike' means 'has alike texture directions and colours'. It does not mean 'shows the same thing'.",
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
