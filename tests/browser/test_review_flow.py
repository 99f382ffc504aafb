"""From first pictures by the proposals to the review without leaving the page: every decision reaches the store."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect
from review_server import PATIENCE, ReviewPage, ReviewServer, open_review, shorten

from medxai_core.images import load_mask
from medxai_core.phantom import draw_study
from medxai_core.records.decisions import list_decisions
from medxai_core.records.pictures import list_images, list_items
from medxai_core.stages.clusters import cluster_study
from medxai_core.stages.features import extract_study_features
from medxai_core.studies.importing import ImportOptions, create_study
from medxai_core.study import Study

N_FIRST, N_CLUSTERS = 14, 4


def test_first_pictures_proposals_and_review_on_one_page(
    chromium: Browser, review_server: ReviewServer, tmp_path: Path
) -> None:
    draw_study(tmp_path / "frames", n_images=10, seed=5)
    study = import_unlabelled(tmp_path / "frames", review_server.home / "studies" / "unlabelled")
    truth = find_tiles_with_polyp(study, tmp_path / "frames" / "masks")
    review = open_review(chromium, review_server, reader="walker", study="unlabelled", review_view="Seeds")
    for _ in range(N_FIRST):
        expect(review.page.locator(".one .head .quiet").first).to_be_visible(timeout=PATIENCE)
        review.decide("p" if truth[review.item] else "n")
    review.wait_saved()
    review.page.get_by_role("button", name="Next: propose labels").click()
    review.page.get_by_role("button", name="Next: review proposals").click(timeout=2 * PATIENCE)
    review.wait()
    expect(review.page.locator(".one .head")).not_to_contain_text("Is there a polyp?", timeout=PATIENCE)
    decide_and_check(review, study, "aox")
    assert not review.errors


def import_unlabelled(frames: Path, folder: Path) -> Study:
    """Make a study that knows pictures only, described and grouped."""
    study = create_study(folder, ImportOptions(frames / "images", layout="folders", tiles=(2, 2)))
    extract_study_features(study, n_jobs=1)
    cluster_study(study, k=N_CLUSTERS)
    return study


def find_tiles_with_polyp(study: Study, masks: Path) -> dict[str, bool]:
    """Return of each tile, by the name that the page shows, whether it holds a pixel of a polyp."""
    items, images = list_items(study), list_images(study)
    found = {}
    for item_id, position, box in zip(items.item_ids, items.image_positions, items.boxes, strict=True):
        left, top, right, bottom = (int(side) for side in box)
        mask = load_mask(masks / f"{Path(images.relative_paths[position]).stem}.png")
        found[shorten(str(item_id))] = bool(mask[top:bottom, left:right].any())
    return found


def decide_and_check(review: ReviewPage, study: Study, keys: str) -> None:
    """Decide on proposals; each is one line of the store, and none waits in the browser."""
    before = len(list_decisions(study, reader=review.reader))
    assert before == N_FIRST
    review.decide(keys)
    review.wait_saved()
    log = list_decisions(study, reader=review.reader)[before:]
    assert [one.action for one in log] == ["accept", "other", "reject"]
