"""A new training: recipe, labels, settings, what it will cost, start."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import streamlit as st

from medxai_core.errors import MedxaiError, NoSeedsError
from medxai_core.jobs import list_jobs, start_job
from medxai_core.stages.training_sets import TrainingSet, find_validation_items
from medxai_core.students.curriculum import Curriculum
from medxai_core.study import Study
from medxai_core.training import TrainingConfig
from medxai_core.views.training_cost import (
    estimate_study_training,
    find_recorded_speed,
    find_student_seconds,
    make_config,
)
from medxai_core.views.training_course import ALONE_SECONDS, count_amounts, estimate_course_seconds, say_minutes
from pages.components.cached import get_images, get_items, get_measured_look, get_measured_speed, get_training_choice
from pages.components.class_words import CLASS_WORDS, SOURCE_WORDS, escape, say_plainly
from pages.components.frame import format_seconds, name_items, show_error
from pages.components.links import link_to
from pages.components.reader import sign_job
from pages.components.training.words import (
    LABEL_WORDS,
    NETWORK_WORDS,
    NETWORKS_OF,
    PRESET_NOTES,
    PRESET_WORDS,
)

RECIPE_KEY = "training_recipe"
CHOSEN_KEY = "training_recipe_chosen"
"""Whether the reader chose the recipe; else the page does."""

TRIED_KEY = "trial-recommended"

STUDENT_MEMORY = "It needs 4 to 6 GB of memory while it learns."
"""3.8 GB were seen with 80 pictures, 5.0 GB with 536; 1,000 are the most."""


@dataclass(frozen=True)
class Choices:
    """Hold what the user chose."""

    preset: str
    labels: str
    seed: int
    config: TrainingConfig | None  # None: the recommended recipe has rounds of its own


def show_form(study: Study) -> None:
    """Let the user choose a recipe, see what it will cost, and start it."""
    left, right = st.columns(2, gap="large")
    with left:
        choices = _choose(study)
    with right:
        chosen = _show_labels(study, choices.labels)
        if chosen is None:
            return
        _show_cost(study, choices, chosen)
        _offer_start(study, choices)


def _choose(study: Study) -> Choices:
    """Ask for recipe, labels and settings."""
    if not st.session_state.get(CHOSEN_KEY):  # labels may have come since the last look
        st.session_state[RECIPE_KEY] = _find_first_recipe(study)
    preset = st.segmented_control(
        "Recipe",
        list(PRESET_WORDS),
        format_func=PRESET_WORDS.get,
        required=True,
        key=RECIPE_KEY,
        persist_state="session",
        on_change=st.session_state.update,
        args=({CHOSEN_KEY: True},),
    )
    st.caption(PRESET_NOTES[preset])
    is_student = preset == "recommended"
    labels = st.segmented_control(
        "Learn from",
        list(LABEL_WORDS),
        format_func=LABEL_WORDS.get,
        default="reviewed" if is_student else "all",
        required=True,
        key="training_labels_recommended" if is_student else "training_labels",
        persist_state="session",
        help="All labels: what clusters proposed trains too, right or wrong. "
        "Reviewed only: the first seeds and what readers decided.",
    )
    with st.expander("Settings", icon=":material/tune:"):
        network, epochs = (None, None) if is_student else _choose_network(preset)
        seed = st.number_input(
            "Seed of chance",
            0,
            999_999,
            0,
            key="training_seed",
            help="Another seed shows how much of a result is chance. The same seed gives the same result again.",
        )
    config = None if is_student else make_config(preset, network=network, epochs=epochs, seed=int(seed))
    return Choices(preset, labels, int(seed), config)


def _find_first_recipe(study: Study) -> str:
    """Return the recommended recipe where seeds and reviewed labels are of both classes, else the quick one."""
    try:
        get_training_choice(study, "reviewed")
    except NoSeedsError:
        return "quick"
    return "recommended"


def _choose_network(preset: str) -> tuple[str, int]:
    """Ask for network and number of epochs of a classifier."""
    network = st.selectbox(
        "Network", NETWORKS_OF[preset], format_func=NETWORK_WORDS.get, key=f"training_network_{preset}"
    )
    epochs = st.number_input(
        "Passes over the pictures (epochs)", 1, 500, make_config(preset).epochs, key=f"training_epochs_{preset}"
    )
    return network, int(epochs)


def _show_labels(study: Study, labels: str) -> TrainingSet | None:
    """Show how many labels of each source and class there are; None when that is not enough."""
    st.markdown("**What it will learn from**")
    try:
        chosen = get_training_choice(study, labels)
    except NoSeedsError as error:
        words = say_plainly(f"{error.message} {error.remedy}")
        st.warning(escape(words[:1].upper() + words[1:]), icon=":material/warning:")
        link_to("review", "Label pictures on the Review page")
        return None
    rows = [
        {"Label comes from": SOURCE_WORDS[source]} | {CLASS_WORDS[name]: n for name, n in by_class.items()}
        for source, by_class in chosen.counts.items()
    ]
    st.dataframe(rows, hide_index=True, alt="Number of labels to learn from by source and class")
    n_proposed = sum(chosen.counts["cluster"].values())
    if n_proposed:
        st.caption(
            f"{n_proposed} of {len(chosen.positions)} labels are proposals that no reader has accepted. "
            "The random audit on the Review page says how many of them are right."
        )
    return chosen


def _show_cost(study: Study, choices: Choices, chosen: TrainingSet) -> None:
    """Say how long it will take, and how that is known."""
    n_items = len(chosen.positions)
    n_validation = len(find_validation_items(get_items(study)))
    if not n_validation and choices.config is not None:  # of rounds none is chosen
        st.warning(
            "There are no check pictures with a known label (validation): nobody can tell which pass is the best, "
            "and the last one is kept.",
            icon=":material/warning:",
        )
    st.markdown("**What it will cost**")
    if choices.config is None:
        _show_student_cost(study, chosen, n_validation=n_validation)
        return
    speed, how = _find_speed(study, choices.preset, choices.config)
    if speed is None:
        st.caption("No training of this kind has run here yet, so the time is not known.")
        if st.button("Try a few steps to estimate it", icon=":material/timer:"):
            get_measured_speed(choices.preset, choices.config.network)
            st.session_state[_name_trial(choices.preset, choices.config)] = True
            st.rerun()
        return
    cost = estimate_study_training(choices.config, n_items=n_items, n_validation=n_validation, seconds_per_batch=speed)
    st.markdown(
        f"About **{format_seconds(cost.seconds)}** on this computer: {choices.config.epochs} passes over "
        f"{n_items:,} {name_items(study)}, each followed by a look at {n_validation:,} check {name_items(study)}."
    )
    st.caption(how)


def _show_student_cost(study: Study, chosen: TrainingSet, *, n_validation: int) -> None:
    """Say how long a segmenter will take, as the last one here, as a trial, or as elsewhere; and its memory."""
    st.caption(STUDENT_MEMORY)
    seconds = find_student_seconds(study)
    if seconds is not None:
        st.markdown(f"About **{say_minutes(seconds)}** on this computer, as the last one of this kind in this study.")
        return
    amounts = count_amounts(get_images(study), get_items(study), chosen.positions, n_validation=n_validation)
    is_tried = st.session_state.get(TRIED_KEY, False)
    speed = get_measured_look() if is_tried else ALONE_SECONDS
    seconds = estimate_course_seconds(asdict(Curriculum()), amounts, seconds_per_look=speed)
    where = "on this computer" if is_tried else "on two cores that do nothing else"
    st.markdown(f"About **{say_minutes(seconds)}** {where}: it learns from {amounts.n_pictures:,} pictures.")
    if is_tried:
        st.caption("Measured just now on a few steps. Other work on this computer makes it slower.")
        return
    st.caption(
        "No training of this kind has run in this study yet: the time is that of another computer. It learns from "
        "1,000 pictures at most, from more only where more have a label. *Quick* takes less."
    )
    if st.button("Try a few steps to estimate it here", icon=":material/timer:"):
        get_measured_look()
        st.session_state[TRIED_KEY] = True
        st.rerun()


def _find_speed(study: Study, preset: str, config: TrainingConfig) -> tuple[float | None, str]:
    """Return the seconds of a training step and where that is known from; None when it is not."""
    if st.session_state.get(_name_trial(preset, config)):
        speed = get_measured_speed(preset, config.network)
        return speed, f"Measured just now on a few steps: {speed:.1f} s a step of {config.batch_size} pictures."
    recorded = find_recorded_speed(study, config)
    if recorded is None:
        return None, ""
    how = f"From run {recorded.run_id}: {format_seconds(recorded.seconds_per_epoch)} a pass over {recorded.n_items}."
    return recorded.seconds_per_batch, f"{how} Other work on this computer makes it slower."


def _offer_start(study: Study, choices: Choices) -> None:
    """Draw the button that starts the training."""
    busy = any(job["kind"] == "train" for job in list_jobs(study, only_open=True))
    if st.button("Start training", type="primary", icon=":material/play_arrow:", disabled=busy or study.read_only):
        _start(study, choices)
    st.caption(
        "A training is at work in this study; one at a time."
        if busy
        else "It goes on when you close this page or the program; stop it whenever you like."
    )


def _start(study: Study, choices: Choices) -> None:
    """Start the training and show it."""
    arguments = ["train", str(study.folder), "--preset", choices.preset, "--labels", choices.labels]
    arguments += ["--seed", str(choices.seed)]
    if choices.config is not None:
        arguments += ["--network", choices.config.network, "--epochs", str(choices.config.epochs)]
    try:
        start_job(study, "train", sign_job(arguments), title=f"Training, {PRESET_WORDS[choices.preset].lower()}")
    except MedxaiError as error:
        show_error(error)
        return
    st.session_state["training_show_run"] = True
    st.rerun()


def _name_trial(preset: str, config: TrainingConfig) -> str:
    """Return the key under which it is kept that a trial of this recipe was made."""
    return f"trial-{preset}-{config.network}"
