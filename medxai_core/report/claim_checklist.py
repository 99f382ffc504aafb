"""The CLAIM checklist, filled from the study; what the study does not hold is said to be missing.

Items after Tejani and others, Checklist for Artificial Intelligence in Medical Imaging (CLAIM): 2024 Update, Radiology:
Artificial Intelligence 2024, doi:10.1148/ryai.240300; the wording here is our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from medxai_core.report.blocks import Claim, Row, Section, Table, say_count
from medxai_core.report.facts import ReportFacts

Status = Literal["met", "partly", "missing"]
MARKS: dict[Status, str] = {"met": "green", "partly": "yellow", "missing": "grey"}
SEGMENTER_METHOD = (
    "Segmenter taught by labels, and by frames that a program drew with their masks; no mask that a person drew was "
    "learned."
)
AUTHORS = "The authors of the study must write it."


@dataclass(frozen=True)
class ChecklistItem:
    """Hold one item of the checklist.

    Attributes
    ----------
    number : int
        1 to 44.
    topic : str
        What is asked for.
    status : {"met", "partly", "missing"}
        By this report alone.
    answer : str
    chapter : str
        Anchor of the chapter that answers it; empty where none does.
    """

    number: int
    topic: str
    status: Status
    answer: str
    chapter: str = ""


def write_checklist(facts: ReportFacts) -> Section:
    """Return the checklist as a chapter."""
    items = fill_checklist(facts)
    n = {status: sum(item.status == status for item in items) for status in MARKS}
    rows = tuple(Row((str(item.number), item.topic, item.status, item.answer), MARKS[item.status]) for item in items)
    intro = Claim(
        f"Of {len(items)} items this report meets {n['met']}, {n['partly']} in part; {n['missing']} are missing, most "
        "of them because only the authors of a study can write them. A checklist says what is reported, not that it "
        "is good.",
        ("pictures", "run", "software"),
    )
    table = Table("CLAIM 2024", ("No.", "Asked", "Here", "Answer"), rows, ("pictures", "run", "scores"))
    return Section("claim", "CLAIM checklist", (intro, table))


def fill_checklist(facts: ReportFacts) -> list[ChecklistItem]:
    """Return all 44 items in order."""
    return [
        *_fill_introduction(is_segmenter=facts.run.mask_head is not None),
        *_fill_methods(facts),
        *_fill_model(facts),
        *_fill_results(facts),
        *_fill_rest(facts),
    ]


def _fill_introduction(*, is_segmenter: bool) -> list[ChecklistItem]:
    """Fill items 1 to 6."""
    return [
        ChecklistItem(
            1,
            "Title or abstract names the AI method",
            "met",
            SEGMENTER_METHOD if is_segmenter else "Classifier with heat maps; no drawn masks.",
            "in-short",
        ),
        ChecklistItem(
            2,
            "Abstract with design, methods, results, conclusions",
            "partly",
            "First page; conclusions are the authors'.",
            "in-short",
        ),
        ChecklistItem(
            3,
            "Background and intended clinical role",
            "partly",
            "Intended use: research. The background is the authors'.",
            "model-facts",
        ),
        ChecklistItem(4, "Aims and hypotheses", "missing", AUTHORS),
        ChecklistItem(
            5, "Prospective or retrospective", "missing", "The study does not say how its pictures were collected."
        ),
        ChecklistItem(
            6, "Goal of the study", "partly", "Making and testing a model; the question is the authors'.", "in-short"
        ),
    ]


def _fill_methods(facts: ReportFacts) -> list[ChecklistItem]:
    """Fill items 7 to 21: data, reference standard, partitions."""
    n_pairs = len(facts.review.pairs)
    level = (
        ("met", "By group (patient, procedure, near copies).")
        if facts.has_groups
        else (
            "partly",
            "By picture; near copies together. Which pictures are of one patient is not known.",
        )
    )
    agreement: tuple[Status, str] = (
        ("partly", f"{say_count(n_pairs, 'pair')} of readers of labels. Of the masks of the pictures it is not known.")
        if n_pairs
        else ("missing", "No two readers judged the same picture; of the masks of the pictures it is not known.")
    )
    n_left = len(facts.study.list_failures())
    return [
        ChecklistItem(7, "Data sources", "missing", "The study does not say where its pictures come from.", "data"),
        ChecklistItem(
            8,
            "Which pictures were taken and which were not",
            "partly",
            "All readable files; why others were never collected is not known.",
            "data",
        ),
        ChecklistItem(
            9,
            "Preprocessing",
            "met",
            "One preprocessing, kept with the network; input size and changes are named.",
            "method",
        ),
        ChecklistItem(10, "Selection of parts of the data", "met", "Items, tiles and splits.", "data"),
        ChecklistItem(
            11,
            "De-identification",
            "partly",
            "Ids are hashes, metadata is dropped, burned-in text is looked for; the original files are the owner's.",
            "data",
        ),
        ChecklistItem(
            12,
            "Missing data",
            "met",
            f"{say_count(n_left, 'file')} left out, each with its reason. Undefined scores are left out and counted.",
            "data",
        ),
        ChecklistItem(13, "How pictures were acquired", "missing", "The study does not say."),
        ChecklistItem(
            14,
            "Definition of the reference standard",
            "partly",
            "A pixel is polyp above 127 in the picture's mask; by which rules it was drawn is not known.",
            "data",
        ),
        ChecklistItem(15, "Why this reference standard", "missing", AUTHORS),
        ChecklistItem(
            16, "Who made the reference", "partly", "Labels: source of each is kept. Masks: not known.", "labels"
        ),
        ChecklistItem(
            17,
            "Annotation of the test pictures",
            "partly",
            "Compared with the masks of the pictures; how these were made is not known.",
            "results",
        ),
        ChecklistItem(18, "Agreement between and within readers", *agreement, "labels"),
        ChecklistItem(
            19,
            "How data were assigned to partitions",
            "met",
            "At random by group, in proportion to the classes; seed kept.",
            "data",
        ),
        ChecklistItem(20, "Level at which partitions are apart", *level, "data"),  # type: ignore[arg-type]
        ChecklistItem(
            21,
            "Size of the test set, and why",
            "partly",
            f"{facts.count('test').n_images:,} pictures; intervals say how sure that makes it. No size was planned.",
            "data",
        ),
    ]


def _fill_model(facts: ReportFacts) -> list[ChecklistItem]:
    """Fill items 22 to 34: model, training, evaluation."""
    if facts.run.mask_head is None:
        chosen = "Best epoch on the validation items"
        weights = facts.run.manifest.get("config", {}).get("weights", "stated in the manifest")
    else:
        chosen = "The last round, none chosen by scores"
        weights = "ImageNet's for the blocks, random for the decoder"
    has_maps = facts.sanity is not None
    has_scores = facts.row is not None
    other = f"{say_count(facts.n_other_runs, 'other run')} in the study" if facts.n_other_runs else "no other run"
    return [
        ChecklistItem(
            22,
            "Description of the model",
            "met",
            f"{facts.run.network}, {facts.run.n_blocks} layers; code is open.",
            "method",
        ),
        ChecklistItem(23, "Software and versions", "met", "Listed with hashes.", "reproduce"),
        ChecklistItem(
            24,
            "Initial weights",
            "met",
            f"{weights}.",
            "method",
        ),
        ChecklistItem(
            25, "Training in detail", "met", "All settings, labels and seeds are in the run's manifest.", "method"
        ),
        ChecklistItem(
            26,
            "How the final model was chosen",
            "met",
            f"{chosen}; layer and threshold as told.",
            "choice",
        ),
        ChecklistItem(27, "Ensembles", "met", "None.", "method"),
        ChecklistItem(
            28,
            "Measures of performance",
            "met" if has_scores else "missing",
            "Six scores by the organisers' rules, by picture and pooled; polyps; frames."
            if has_scores
            else "Not scored.",
            "results",
        ),
        ChecklistItem(
            29,
            "Uncertainty and significance",
            "met" if has_scores else "missing",
            "95 % bootstrap over groups; paired difference to a disk." if has_scores else "Not scored.",
            "results",
        ),
        ChecklistItem(
            30,
            "Robustness",
            "partly" if has_maps or has_scores else "missing",
            f"By size and place of the polyp; second trainings: {other}. Other hospitals: not tested.",
            "tests",
        ),
        ChecklistItem(
            31,
            "Explainability, and whether it was validated",
            "met" if has_maps else "partly",
            "Heat maps, with tests of them." if has_maps else "Heat maps; their tests were not made.",
            "tests",
        ),
        ChecklistItem(
            32,
            "Evaluation on internal data",
            "met" if has_scores else "missing",
            "Test split of the study." if has_scores else "Not scored.",
            "results",
        ),
        ChecklistItem(33, "Test on external data", "missing", "None in this study.", "limits"),
        ChecklistItem(34, "Registration of the trial", "missing", AUTHORS),
    ]


def _fill_results(facts: ReportFacts) -> list[ChecklistItem]:
    """Fill items 35 to 39."""
    has_scores = facts.row is not None
    status: Status = "met" if has_scores else "missing"
    told = "Not scored."
    return [
        ChecklistItem(
            35, "Flow of cases, numbers left out", "partly", "Flow of pictures; of patients it is not known.", "data"
        ),
        ChecklistItem(36, "Who the patients are, by partition", "missing", "The study holds nothing about patients."),
        ChecklistItem(
            37,
            "Performance with uncertainty, on all data used",
            status,
            "Tuning, validation and test figures are told apart." if has_scores else told,
            "results",
        ),
        ChecklistItem(
            38, "Precision of the estimates", status, "Intervals at every figure." if has_scores else told, "results"
        ),
        ChecklistItem(
            39,
            "Analysis of failures",
            status,
            "Kinds of failure counted; the worst pictures shown." if has_scores else told,
            "pictures",
        ),
    ]


def _fill_rest(facts: ReportFacts) -> list[ChecklistItem]:
    """Fill items 40 to 44."""
    return [
        ChecklistItem(
            40, "Limitations", "met", f"{say_count(len(facts.limits), 'limit')} with the study's own numbers.", "limits"
        ),
        ChecklistItem(
            41,
            "Implications for practice",
            "partly",
            "Not for practice: research only. The rest is the authors'.",
            "model-facts",
        ),
        ChecklistItem(42, "Full protocol", "met", "Manifest, log and commands to do it again.", "reproduce"),
        ChecklistItem(
            43,
            "Access to software, model and data",
            "partly",
            "The software is open; model and pictures are the owner's to share.",
            "reproduce",
        ),
        ChecklistItem(44, "Funding", "missing", AUTHORS),
    ]
