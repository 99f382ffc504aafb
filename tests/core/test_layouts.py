"""Layouts: other people's folders become records; what does not fit is listed, not dropped."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from medxai_core.errors import LayoutError
from medxai_core.formats.layouts import ImageRecord, Listing, detect_layout, read_layout

HOSTILE_NAMES = [
    "new\nline.jpg",
    "\"double\" and 'single'.jpg",
    "<script>alert(1)<",
    "-rf.jpg",
    "polyp \N{MICROSCOPE}.jpg",
    "Grösse åäö 息肉.jpg",
    " blanks .jpg",
    "100% & more; $(true).jpg",
]


def put(folder: Path, *names: str) -> None:
    """Write a tiny picture under each name; the suffix says its kind, JPEG else."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = {".png": "PNG", ".bmp": "BMP", ".tif": "TIFF"}.get(path.suffix.lower(), "JPEG")
        Image.new("RGB", (8, 6), (120, 60, 40)).save(path, kind)


def by_path(listing: Listing) -> dict[str, ImageRecord]:
    """Return the records by relative path."""
    return {record.relative_path: record for record in listing.records}


def get_labels(listing: Listing) -> dict[str, str | None]:
    """Return the reference labels by relative path."""
    return {record.relative_path: record.reference_label for record in listing.records}


def get_failures(listing: Listing) -> dict[str, str]:
    """Return the reasons of failures by item."""
    return {failure.item: failure.reason for failure in listing.failures}


# CVC-ClinicDB


@pytest.mark.parametrize("inner", ["", "PNG/", "CVC-ClinicDB/PNG/", "CVC-ClinicDB/TIF/", "CVC-ClinicDB/"])
def test_cvc_clinicdb_pairs_frames_and_masks_by_sequence(tmp_path, inner):
    ending = "tif" if "TIF" in inner else "png"
    names = [f"{n}.{ending}" for n in (1, 2, 10)]
    put(tmp_path / inner, *[f"Original/{name}" for name in names], *[f"Ground Truth/{name}" for name in names[:2]])
    (tmp_path / "metadata.csv").write_text("frame_id,sequence_id,other\n1,1,x\n2,1,x\n10,2,x\n")
    listing = read_layout(tmp_path)
    assert listing.layout == "cvc-clinicdb" and listing.mask_root == tmp_path / inner / "Ground Truth"
    records = by_path(listing)
    assert {path: one.group for path, one in records.items()} == {
        f"{inner}Original/1.{ending}": "sequence 1",
        f"{inner}Original/2.{ending}": "sequence 1",
        f"{inner}Original/10.{ending}": "sequence 2",
    }
    assert [one.has_truth for _, one in sorted(records.items())] == [True, False, True]
    assert list(get_failures(listing)) == [f"{inner}Original/10.{ending}"] and not listing.notes


def test_cvc_clinicdb_takes_its_pictures_once_and_says_what_is_not_known(tmp_path):
    for kind, ending in (("PNG", "png"), ("TIF", "tif")):
        put(tmp_path / kind, f"Original/1.{ending}", f"Ground Truth/1.{ending}")
    listing = read_layout(tmp_path)
    assert [one.relative_path for one in listing.records] == ["PNG/Original/1.png"]
    assert "29 video sequences" in listing.notes[0] and listing.records[0].group is None
    (tmp_path / "metadata.csv").write_text("a,b\n1,2\n")
    assert "not the table that comes with CVC-ClinicDB" in get_failures(read_layout(tmp_path))["metadata.csv"]
    with pytest.raises(LayoutError, match="holds no Original/ and Ground Truth/"):
        read_layout(tmp_path / "PNG" / "Original", layout="cvc-clinicdb")


# Kvasir-SEG


def test_kvasir_seg_pairs_pictures_and_masks(tmp_path):
    """Every picture has the mask of its name; the boxes say that a polyp is there."""
    put(tmp_path, "images/a.jpg", "images/b.jpg", "masks/a.jpg", "masks/b.png")
    box = {"label": "polyp", "xmin": 1, "ymin": 1, "xmax": 2, "ymax": 2}
    boxes = {"a": {"height": 6, "width": 8, "bbox": [box]}, "b": {"height": 6, "width": 8, "bbox": []}}
    (tmp_path / "bounding-boxes.json").write_text(json.dumps(boxes))
    listing = read_layout(tmp_path)
    assert listing.layout == "kvasir-seg"
    assert "images/ and masks/" in listing.why
    records = by_path(listing)
    assert records["images/a.jpg"].mask_path == tmp_path / "masks" / "a.jpg"
    assert records["images/b.jpg"].mask_path == tmp_path / "masks" / "b.png"
    assert get_labels(listing) == {"images/a.jpg": "polyp", "images/b.jpg": None}
    assert all(record.image_path.is_absolute() and record.has_truth for record in listing.records)
    assert listing.mask_root == tmp_path / "masks"
    assert listing.failures == []


def test_kvasir_seg_by_its_picture_folder_and_masks_elsewhere(tmp_path):
    """The folder of pictures itself may be named, with the masks given."""
    put(tmp_path, "here/images/a.jpg", "there/a.png")
    for layout in ("auto", "kvasir-seg"):
        listing = read_layout(tmp_path / "here" / "images", masks=tmp_path / "there", layout=layout)
        assert by_path(listing)["a.jpg"].mask_path == tmp_path / "there" / "a.png"


def test_a_picture_without_mask_is_kept_and_told(tmp_path):
    """No mask is not an empty mask: the picture has no truth, and a failure says so."""
    put(tmp_path, "images/a.jpg", "images/b.jpg", "masks/a.jpg", "masks/other.jpg")
    listing = read_layout(tmp_path)
    assert [record.has_truth for record in listing.records] == [True, False]
    assert "no mask" in get_failures(listing)["images/b.jpg"]
    assert any("1 masks have no picture (first: other.jpg)" in note for note in listing.notes)


def test_an_ambiguous_mask_is_not_guessed(tmp_path):
    """a.bmp and a.jpg with one mask a.png, or two masks for one picture: nobody knows which."""
    put(tmp_path, "images/a.jpg", "images/a.bmp", "masks/a.png")
    put(tmp_path, "images/b.jpg", "masks/b.png", "masks/b.tif", "masks/b_mask.png")
    listing = read_layout(tmp_path)
    assert not any(record.has_truth for record in listing.records)
    assert all("not certain" in get_failures(listing)[f"images/{name}"] for name in ("a.jpg", "a.bmp", "b.jpg"))


def test_the_same_name_wins_over_the_same_stem(tmp_path):
    """a.png belongs to a.png; a.jpg beside it has no mask of its own."""
    put(tmp_path, "images/a.png", "images/a.jpg", "masks/a.png")
    records = by_path(read_layout(tmp_path))
    assert records["images/a.png"].has_truth
    assert not records["images/a.jpg"].has_truth


def test_a_damaged_box_file_is_told(tmp_path):
    """A broken bounding-boxes.json costs the labels, not the import."""
    put(tmp_path, "images/a.jpg", "masks/a.jpg")
    (tmp_path / "bounding-boxes.json").write_text("[1, 2")
    listing = read_layout(tmp_path)
    assert get_labels(listing) == {"images/a.jpg": None}
    assert "bounding-boxes.json" in get_failures(listing)


def test_kvasir_seg_without_masks_is_refused(tmp_path):
    """Asked to read Kvasir-SEG where no masks are: the message says what is missing."""
    put(tmp_path, "images/a.jpg")
    with pytest.raises(LayoutError, match="no folder masks/"):
        read_layout(tmp_path, layout="kvasir-seg")


def test_masks_that_are_the_pictures_are_refused(tmp_path):
    """The folder of pictures given as masks would make every picture its own truth."""
    put(tmp_path, "images/a.jpg")
    for masks in (tmp_path, tmp_path / "images"):
        with pytest.raises(LayoutError, match="holds the pictures too"):
            read_layout(tmp_path / "images", masks=masks)


def test_real_kvasir_seg(kvasir_seg):
    """The 800 real pictures all have a mask and a polyp."""
    listing = read_layout(kvasir_seg)
    assert listing.layout == "kvasir-seg"
    assert len(listing.records) == 800
    assert all(record.has_truth and record.reference_label == "polyp" for record in listing.records)
    assert listing.failures == []


# Kvasir


def test_kvasir_classes_become_labels(tmp_path):
    """Polyps are polyps also when lifted and dyed; a resected margin tells nothing; the rest is polyp-free."""
    put(tmp_path, "polyps/a.jpg", "dyed-lifted-polyps/b.jpg", "dyed-resection-margins/c.jpg")
    put(tmp_path, "normal-cecum/d.jpg", "esophagitis/e.jpg", "ulcerative-colitis/f.jpg", "my-notes/g.jpg")
    listing = read_layout(tmp_path)
    assert listing.layout == "kvasir"
    assert get_labels(listing) == {
        "polyps/a.jpg": "polyp",
        "dyed-lifted-polyps/b.jpg": "polyp",
        "dyed-resection-margins/c.jpg": None,
        "normal-cecum/d.jpg": "non_polyp",
        "esophagitis/e.jpg": "non_polyp",
        "ulcerative-colitis/f.jpg": "non_polyp",
        "my-notes/g.jpg": None,
    }
    assert any("dyed-lifted-polyps 1" in note and "polyps 1" in note for note in listing.notes)
    assert any("unknown: dyed-resection-margins 1, no known class 1" in note for note in listing.notes)


def test_kvasir_inside_one_more_folder(tmp_path):
    """An archive that unpacks to one folder is looked into."""
    put(tmp_path, "kvasir-dataset-v2/normal-pylorus/a.jpg", "kvasir-dataset-v2/polyps/b.jpg")
    listing = read_layout(tmp_path)
    assert listing.layout == "kvasir"
    assert get_labels(listing)["kvasir-dataset-v2/polyps/b.jpg"] == "polyp"


# HyperKvasir


def make_hyperkvasir(root: Path) -> None:
    """Write a folder shaped like HyperKvasir, with one picture of a kind."""
    lower = "labeled-images/lower-gi-tract"
    put(root, f"{lower}/pathological-findings/polyps/p1.jpg", f"{lower}/anatomical-landmarks/cecum/c1.jpg")
    put(root, f"{lower}/quality-of-mucosal-views/bbps-2-3/q1.jpg")
    put(root, "labeled-images/upper-gi-tract/anatomical-landmarks/z-line/z1.jpg")
    put(root, "unlabeled-images/images/u1.jpg", "unlabeled-images/images/u2.jpg")
    put(root, "segmented-images/images/s1.jpg", "segmented-images/masks/s1.jpg")
    (root / "segmented-images" / "bounding-boxes.json").write_text("{}")
    (root / "labeled-images" / "image-labels.csv").write_text(
        "Video file,Organ,Finding,Classification\n"
        "p1,Lower GI,polyps,pathological-findings\n"
        "c1,Lower GI,cecum,anatomical-landmarks\n"
        "q1,Lower GI,bbps-2-3,quality-of-mucosal-views\n"
        "z1,Upper GI,z-line,anatomical-landmarks\n"
    )


def test_hyperkvasir_parts_have_their_roles(tmp_path):
    """Labelled, unlabelled and segmented pictures are kept apart."""
    make_hyperkvasir(tmp_path)
    listing = read_layout(tmp_path)
    assert listing.layout == "hyperkvasir"
    found = {Path(r.relative_path).stem: (r.role, r.reference_label, r.has_truth) for r in listing.records}
    assert found == {
        "p1": ("any", "polyp", False),
        "c1": ("any", "non_polyp", False),
        "q1": ("any", "non_polyp", False),
        "z1": ("any", "non_polyp", False),
        "u1": ("unlabelled_pool", None, False),
        "u2": ("unlabelled_pool", None, False),
        "s1": ("segmented", "polyp", True),
    }
    assert listing.failures == []
    assert all(tmp_path / record.relative_path == record.image_path for record in listing.records)
    assert all(r.mask_path.is_relative_to(listing.mask_root) for r in listing.records if r.has_truth)


def test_hyperkvasir_from_the_archives_of_its_parts(tmp_path):
    """Archives of single parts unpack to longer names with the part inside."""
    make_hyperkvasir(tmp_path / "all")
    for part in ("labeled", "unlabeled", "segmented"):
        outer = tmp_path / f"hyper-kvasir-{part}-images"
        outer.mkdir()
        (tmp_path / "all" / f"{part}-images").rename(outer / f"{part}-images")
    (tmp_path / "all").rmdir()
    listing = read_layout(tmp_path)
    assert listing.layout == "hyperkvasir"
    assert len(listing.records) == 7
    assert sum(record.has_truth for record in listing.records) == 1


def test_hyperkvasir_contradiction_leaves_the_label_unknown(tmp_path):
    """The table says polyps, the folder cecum: nobody knows, and it is told."""
    make_hyperkvasir(tmp_path)
    table = tmp_path / "labeled-images" / "image-labels.csv"
    table.write_text(table.read_text().replace("c1,Lower GI,cecum", "c1,Lower GI,polyps"))
    listing = read_layout(tmp_path)
    path = "labeled-images/lower-gi-tract/anatomical-landmarks/cecum/c1.jpg"
    assert get_labels(listing)[path] is None
    assert "polyps" in get_failures(listing)[path]


def test_hyperkvasir_without_its_table_uses_folder_names(tmp_path):
    """Class folders carry the same labels."""
    make_hyperkvasir(tmp_path)
    (tmp_path / "labeled-images" / "image-labels.csv").unlink()
    listing = read_layout(tmp_path)
    assert sum(label == "non_polyp" for label in get_labels(listing).values()) == 3
    assert any("image-labels.csv is missing" in note for note in listing.notes)


# Plain folders


def test_plain_folders_by_class_name(tmp_path):
    """CP-CHILD's way: Polyp and Non-Polyp in train and test; other folders tell nothing."""
    put(tmp_path, "Train/Polyp/a.jpg", "Train/Non-Polyp/b.jpg", "Test/non_polyp/case 1/c.PNG", "else/d.JPEG")
    put(tmp_path, "unlabelled/e.jpg")
    listing = read_layout(tmp_path)
    assert listing.layout == "folders"
    assert get_labels(listing) == {
        "Train/Polyp/a.jpg": "polyp",
        "Train/Non-Polyp/b.jpg": "non_polyp",
        "Test/non_polyp/case 1/c.PNG": "non_polyp",
        "else/d.JPEG": None,
        "unlabelled/e.jpg": None,
    }
    assert by_path(listing)["unlabelled/e.jpg"].role == "unlabelled_pool"


def test_masks_beside_plain_folders(tmp_path):
    """By relative path, by stem, by a mask's ending, or by file name in a flat folder of masks."""
    put(tmp_path, "x/1.jpg", "x/2.jpg", "x/3.jpg", "y/4.jpg", "y/5.jpg")
    put(tmp_path, "truth/x/1.jpg", "truth/x/2.png", "truth/x/3_mask.png", "truth/4.png")
    listing = read_layout(tmp_path, masks=tmp_path / "truth")
    masks = {path: record.mask_path for path, record in by_path(listing).items()}
    assert masks == {
        "x/1.jpg": tmp_path / "truth/x/1.jpg",
        "x/2.jpg": tmp_path / "truth/x/2.png",
        "x/3.jpg": tmp_path / "truth/x/3_mask.png",
        "y/4.jpg": tmp_path / "truth/4.png",
        "y/5.jpg": None,
    }
    assert listing.notes[0] == "Masks were found for 4 of the 5 picture files."


def test_folders_of_masks_are_not_read_as_pictures(tmp_path):
    """Masks inside a tree of pictures do not become pictures; a note says they were seen."""
    put(tmp_path, "train/images/a.jpg", "train/masks/a.png")
    listing = read_layout(tmp_path)
    assert list(by_path(listing)) == ["train/images/a.jpg"]
    assert any("train/masks" in note for note in listing.notes)


def test_every_suffix_in_any_case(tmp_path):
    """JPEG, PNG, BMP, TIFF, GIF and WebP are pictures; DICOM and text are passed over and counted."""
    for suffix in ("jpg", "JPEG", "Png", "bmp", "TIF", "tiff", "gif", "WEBP", "dcm", "txt"):
        (tmp_path / f"a.{suffix}").write_bytes(b"x")
    listing = read_layout(tmp_path)
    assert len(listing.records) == 8
    assert listing.n_ignored == 2
    assert any(".dcm: 1" in note and ".txt: 1" in note for note in listing.notes)


def test_junk_is_skipped_and_broken_files_are_listed(tmp_path):
    """Hidden files and system folders are no pictures; an empty JPEG and a dead link are failures."""
    put(tmp_path, "a.jpg", ".hidden.jpg", "._a.jpg", "__MACOSX/a.jpg", ".cache/b.jpg")
    (tmp_path / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "dead.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "self.jpg").symlink_to(tmp_path / "self.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    listing = read_layout(tmp_path)
    assert list(by_path(listing)) == ["a.jpg"]
    assert set(get_failures(listing)) == {"empty.jpg", "dead.jpg", "self.jpg", "pipe.jpg"}
    assert listing.n_ignored == 0


def test_links_that_loop_end(tmp_path):
    """A folder linked to its parent is entered once; a linked folder elsewhere is read."""
    put(tmp_path, "pictures/a/x.jpg", "elsewhere/y.jpg")
    root = tmp_path / "pictures"
    (root / "a" / "up").symlink_to(root)
    (root / "a" / "again").symlink_to(root / "a")
    (root / "b").symlink_to(tmp_path / "elsewhere")
    (root / "A first link to a").symlink_to(root / "a")
    assert list(by_path(read_layout(root))) == ["a/x.jpg", "b/y.jpg"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_hostile_names_survive(tmp_path):
    """Names with newlines, quotes, tags, emoji and bytes that are no text come back exactly."""
    names = [name if name.endswith(".jpg") else f"{name}.jpg" for name in HOSTILE_NAMES]
    names.append(os.fsdecode(b"caf\xe9.jpg"))
    put(tmp_path, *(f"images/{name}" for name in names), *(f"masks/{name}" for name in names))
    listing = read_layout(tmp_path)
    assert sorted(by_path(listing)) == sorted(f"images/{name}" for name in names)
    assert all(r.image_path.read_bytes() and r.mask_path.name == r.image_path.name for r in listing.records)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_failures_can_always_be_written(tmp_path):
    """The name of a failure is text, also when the file's name is not."""
    put(tmp_path, "a.jpg")
    (tmp_path / os.fsdecode(b"caf\xe9.jpg")).touch()
    (failure,) = read_layout(tmp_path).failures
    assert failure.item.encode("utf-8").decode("utf-8") == "caf\N{REPLACEMENT CHARACTER}.jpg"


def test_the_order_is_always_the_same(tmp_path):
    """Records come sorted by relative path, however the disk lists them."""
    put(tmp_path, "b/2.jpg", "a.jpg", "b.jpg", "b/10.jpg", "B.jpg")
    paths = list(by_path(read_layout(tmp_path)))
    assert paths == sorted(paths) == ["B.jpg", "a.jpg", "b.jpg", "b/10.jpg", "b/2.jpg"]


def test_an_empty_folder_is_an_error_that_says_what_was_there(tmp_path):
    """No pictures: the message names the folder, what else it holds, and what to do."""
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(LayoutError, match="holds no pictures.*1 other files") as caught:
        read_layout(tmp_path)
    assert ".jpg" in caught.value.remedy


def test_a_missing_folder_and_a_file_are_errors(tmp_path):
    """The path must be a folder; an archive is to be unpacked."""
    with pytest.raises(LayoutError, match="does not exist"):
        read_layout(tmp_path / "nowhere")
    (tmp_path / "all.zip").write_bytes(b"x")
    with pytest.raises(LayoutError, match="is a file. Unpack it"):
        read_layout(tmp_path / "all.zip")


def test_detection_in_order(tmp_path):
    """polyps and non-polyps alone are anyone's folders, not Kvasir."""
    put(tmp_path, "polyps/a.jpg", "non-polyps/b.jpg")
    assert detect_layout(tmp_path)[0] == "folders"
    put(tmp_path, "normal-cecum/c.jpg")
    assert detect_layout(tmp_path)[0] == "kvasir"
    put(tmp_path, "images/a.jpg", "masks/a.jpg")
    assert detect_layout(tmp_path)[0] == "kvasir-seg"
    put(tmp_path, "unlabeled-images/images/d.jpg")
    assert detect_layout(tmp_path)[0] == "hyperkvasir"


def test_an_unknown_layout_is_a_callers_mistake(tmp_path):
    """The message lists the layouts."""
    with pytest.raises(ValueError, match="kvasir-seg"):
        read_layout(tmp_path, layout="coco")


# Tables of labels


@pytest.fixture
def four_pictures(tmp_path) -> Path:
    """Return a folder with polyp/a.jpg, polyp/b.jpg, c.jpg and d/c.jpg."""
    put(tmp_path / "pictures", "polyp/a.jpg", "polyp/b.jpg", "c.jpg", "d/c.jpg")
    return tmp_path / "pictures"


def read_table(pictures: Path, text: str | bytes, *, group_column: str | None = None) -> Listing:
    """Write a table beside the pictures and read both."""
    table = pictures.parent / "labels.csv"
    table.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_layout(pictures, labels=table, group_column=group_column)


def test_a_table_gives_labels_and_groups(four_pictures):
    """Path, bare name or stem; the table overrules the folder; pictures it leaves out keep their label."""
    text = "filename,label,case\npolyp/a.jpg,non_polyp,P1\nc.jpg,Polyp,P1\nd/c,0,\n"
    listing = read_table(four_pictures, text, group_column="case")
    assert get_labels(listing) == {
        "polyp/a.jpg": "non_polyp",
        "polyp/b.jpg": "polyp",
        "c.jpg": "polyp",
        "d/c.jpg": "non_polyp",
    }
    assert {r.relative_path: r.group for r in listing.records} == {
        "polyp/a.jpg": "P1",
        "polyp/b.jpg": None,
        "c.jpg": "P1",
        "d/c.jpg": None,
    }
    assert listing.failures == []
    assert any("1 labels by folder name were replaced" in note for note in listing.notes)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_as_spreadsheets_save_them(four_pictures, delimiter, encoding):
    """Comma, semicolon or tab, with or without byte order mark, Windows line ends, quoted cells."""
    rows = [["File-Name", "Class Name", "note"], ["a.jpg", "no polyp", '"x, y; z"']]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    listing = read_table(four_pictures, text.encode(encoding))
    assert get_labels(listing)["polyp/a.jpg"] == "non_polyp"


def test_rows_that_do_not_fit_are_listed(four_pictures):
    """Unknown files and labels, ambiguous names and contradictions are failures; nothing is guessed."""
    put(four_pictures, "d/e.jpg", "f/e.jpg")
    text = (
        "filename,label\nnowhere.jpg,polyp\nc.jpg,tumour\ne,polyp\n"
        "a.jpg,polyp\na.jpg,non_polyp\nb.jpg,polyp\npolyp\\b.jpg,polyp\n"
    )
    listing = read_table(four_pictures, text)
    failures = get_failures(listing)
    assert "no picture has this name" in failures["labels.csv, line 2: nowhere.jpg"]
    assert "tumour" in failures["c.jpg"]
    assert "2 pictures have this name" in failures["labels.csv, line 4: e"]
    assert "lines 5, 6, which differ" in failures["polyp/a.jpg"]
    assert failures["polyp/b.jpg"] == "named in lines 7, 8."
    assert get_labels(listing) == {
        "polyp/a.jpg": None,
        "polyp/b.jpg": "polyp",
        "c.jpg": None,
        "d/c.jpg": None,
        "d/e.jpg": None,
        "f/e.jpg": None,
    }


def test_names_in_either_form_of_unicode_meet(tmp_path):
    """A name written with a combining accent (macOS) and one with a single letter are the same."""
    put(tmp_path / "pictures", "cafe\u0301.jpg")
    listing = read_table(tmp_path / "pictures", "filename,label\ncaf\u00e9.jpg,polyp\n")
    assert list(get_labels(listing).values()) == ["polyp"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name;label\na.jpg;polyp\n", "column 'filename'; its first line has: name, label"),
        ("filename,other\na.jpg,polyp\n", "column 'label'"),
        ("", "is empty"),
        (b"filename,label\ncaf\xe9.jpg,polyp\n", "not text in UTF-8"),
    ],
)
def test_tables_that_cannot_be_used(four_pictures, text, message):
    """A missing column, an empty file, another encoding: the message says which."""
    with pytest.raises(LayoutError, match=message):
        read_table(four_pictures, text)


def test_a_missing_group_column_is_an_error(four_pictures):
    """A group column that is not there would let patients leak; so is one without a table."""
    with pytest.raises(LayoutError, match="column 'patient'"):
        read_table(four_pictures, "filename,label\na.jpg,polyp\n", group_column="patient")
    with pytest.raises(LayoutError, match="without a table"):
        read_layout(four_pictures, group_column="patient")


def test_a_table_of_groups_needs_no_labels(four_pictures):
    """Patients without labels are welcome: folder names keep their word."""
    listing = read_table(four_pictures, "file,patient\na.jpg,7\n", group_column="Patient")
    assert by_path(listing)["polyp/a.jpg"].group == "7"
    assert get_labels(listing)["polyp/a.jpg"] == "polyp"
