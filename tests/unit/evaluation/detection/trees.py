"""Small made-up trees in the official layouts of the detection datasets; the clips hold nothing that is looked at."""

from __future__ import annotations

import json
from pathlib import Path


def clip(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"not looked at")
    return path


def faceforensics(root: Path, *, splits: bool = True) -> Path:
    """Two pairs of sequences in c23, one of them in c40 too; 000 and 003 are for testing."""
    for number in ("000", "003", "071", "054"):
        clip(root / f"original_sequences/youtube/c23/videos/{number}.mp4")
    clip(root / "original_sequences/youtube/c40/videos/000.mp4")
    for method in ("Deepfakes", "Face2Face"):
        for pair in ("000_003", "003_000", "071_054"):
            clip(root / f"manipulated_sequences/{method}/c23/videos/{pair}.mp4")
        clip(root / f"manipulated_sequences/{method}/c40/videos/000_003.mp4")
        clip(root / f"manipulated_sequences/{method}/c23/masks/000_003.mp4")
    if splits:
        (root / "splits").mkdir()
        (root / "splits/test.json").write_text(json.dumps([["000", "003"], ["953", "974"]]))
        (root / "splits/train.json").write_text(json.dumps([["071", "054"]]))
        (root / "splits/val.json").write_text(json.dumps([["720", "672"]]))
    return root


def deepfakedetection(root: Path) -> Path:
    clip(root / "original_sequences/actors/c23/videos/01__exit_phone_room.mp4")
    clip(root / "original_sequences/actors/c23/videos/02__talking_against_wall.mp4")
    clip(root / "manipulated_sequences/DeepFakeDetection/c23/videos/01_02__exit_phone_room__YVGY8LOK.mp4")
    return root


def celeb_df(root: Path) -> Path:
    for name in (
        "Celeb-real/id0_0000.mp4", "Celeb-real/id1_0003.mp4", "YouTube-real/00170.mp4",
        "Celeb-synthesis/id0_id16_0000.mp4", "Celeb-synthesis/id1_id0_0003.mp4",
    ):  # fmt: skip
        clip(root / name)
    listed = ["1 YouTube-real/00170.mp4", "1 Celeb-real/id0_0000.mp4", "0 Celeb-synthesis/id0_id16_0000.mp4"]
    (root / "List_of_testing_videos.txt").write_text("\n".join(listed) + "\n")
    return root


def dfdc(root: Path) -> Path:
    part = root / "dfdc_train_part_0"
    for name in ("aaa.mp4", "bbb.mp4", "ccc.mp4"):
        clip(part / name)
    entries = {
        "aaa.mp4": {"label": "FAKE", "split": "train", "original": "bbb.mp4"},
        "bbb.mp4": {"label": "REAL", "split": "train", "original": None},
        "ccc.mp4": {"label": "FAKE", "split": "train", "original": "bbb.mp4"},
    }
    (part / "metadata.json").write_text(json.dumps(entries))
    clip(root / "test/videos/ddd.mp4")
    (root / "test/metadata.json").write_text(json.dumps({"ddd.mp4": {"is_fake": 1}}))
    return root


def dfdc_preview(root: Path) -> Path:
    real = "original_videos/1085625/1085625_A_001.mp4"
    fake = "method_A/1085625/1085625_A/1224068_1085625_A_001.mp4"
    entries = {
        real: {"augmentations": [], "label": "real", "set": "test", "target_id": 1085625, "swapped_id": None},
        fake: {"augmentations": [], "label": "fake", "set": "test", "target_id": 1085625, "swapped_id": 1224068},
    }
    for name in entries:
        clip(root / name)
    (root / "dataset.json").write_text(json.dumps(entries))
    return root


def deeperforensics(root: Path) -> Path:
    for variant in ("end_to_end", "end_to_end_level_3", "end_to_end_mix_2_distortions", "reenact_postprocess"):
        clip(root / f"manipulated_videos/{variant}/000_M004.mp4")
        clip(root / f"manipulated_videos/{variant}/010_W101.mp4")
    for number in ("000", "010"):
        clip(root / f"original_sequences/youtube/c23/videos/{number}.mp4")
    lists = root / "lists/splits"
    lists.mkdir(parents=True)
    for split, line in (("train", "010_W101.mp4"), ("val", "020_W102.mp4"), ("test", "000_M004.mp4")):
        (lists / f"{split}.txt").write_text(line + "\n")
    return root


def fakeavceleb(root: Path) -> Path:
    place = "African/men/id00076"
    lines = ["source,target1,target2,method,category,type,race,gender,path,"]
    for kind, method, file in (
        ("RealVideo-RealAudio", "real", "00109.mp4"),
        ("RealVideo-FakeAudio", "rtvc", "00109_fake.mp4"),
        ("FakeVideo-RealAudio", "fsgan", "00109_2_id00701_fsgan.mp4"),
        ("FakeVideo-FakeAudio", "wav2lip", "00109_10_id00476_wavtolip.mp4"),
    ):
        clip(root / kind / place / file)
        lines.append(f"id00076,-,-,{method},A,{kind},African,men,{file},FakeAVCeleb/{kind}/{place}")
    (root / "meta_data.csv").write_text("\n".join(lines) + "\n")
    return root


BUILDERS = {
    "faceforensics": faceforensics,
    "deepfakedetection": deepfakedetection,
    "celeb-df": celeb_df,
    "dfdc": dfdc,
    "dfdc-preview": dfdc_preview,
    "deeperforensics": deeperforensics,
    "fakeavceleb": fakeavceleb,
}
