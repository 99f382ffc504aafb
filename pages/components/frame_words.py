"""What the help and the tour say."""

from __future__ import annotations

from typing import NamedTuple

FRAME_KEYS = (
    ("Alt + 1 ... 7", "open a page, in the order on the left"),
    ("?", "show this help; on Clusters, Review and Masks: the keys of the view"),
    ("Esc", "close a window"),
    ("Tab, Enter", "reach and press every button without a mouse"),
)
HELP_NOTES = (
    (
        "Light or dark",
        "The app follows your system. To choose: the menu with three dots at the top right.",
    ),
    (
        "Send a colleague to what you see",
        "Copy the address: it names study, page, picture and setting, never a file, a patient or who you are. It opens "
        "where the same study is known.",
    ),
    (
        "Who decides",
        "Your pseudonym is kept in this browser. On a computer that several people use, write your own under Reader "
        "before you decide.",
    ),
    (
        "Nothing is lost",
        "Every decision is written at once; one that could not be sent waits in the browser, and the line at the top "
        "says so. Long work goes on when you close the page.",
    ),
)
GLOSSARY = (
    ("Features", "226 numbers that describe a picture: edges, texture, brightness, colour"),
    ("Cluster", "a group of pictures whose features are alike; it is no class"),
    ("Seeds", "the few labelled pictures that proposals start from"),
    ("Proposal (pseudo-label)", "a guess from the cluster, not a finding"),
    ("Train, validation, tuning, test", "learn from; judge the classifier; choose the threshold; score at the end"),
    ("Heat map (Grad-CAM)", "where the classifier looked"),
    ("Layer", "how early or late in the network one looks: fine or coarse"),
    ("Threshold", "what is hotter than this becomes the mask"),
    ("Dice", "overlap of mask and expert's drawing, 0 nothing, 1 perfect"),
)


class Stop(NamedTuple):
    """One stop of the tour: the page, a headline, and what to see there."""

    page: str
    title: str
    words: str


TOUR = (
    Stop(
        "study",
        "The demo",
        "Drawn frames, no patient. The line at the top says where a study stands and what comes next; each stage opens "
        "its page.",
    ),
    Stop(
        "clusters",
        "Pictures that look alike",
        "Every point is a picture; near ones look alike to the features. Circle some points to see their pictures.",
    ),
    Stop(
        "review",
        "Accept or reject",
        "A cluster proposes a label, with its reason. Decide by one key; everything can be undone.",
    ),
    Stop(
        "training",
        "A classifier learns",
        "It learns from seeds, decisions and proposals. The page says in words whether it improved and when to stop.",
    ),
    Stop(
        "masks",
        "From heat to mask",
        "Where the classifier looked is hot. Move the threshold: what is hotter becomes the mask, and its score moves "
        "along.",
    ),
    Stop(
        "evaluation",
        "Is it any good?",
        "A disk in the middle of every picture is what must be beaten. Truth of test pictures opens after the lock.",
    ),
    Stop(
        "transparency",
        "How one mask came about",
        "Choose a picture: its way from file to score, and beside every step what it does not prove. This tour can be "
        "taken again from Help.",
    ),
)
