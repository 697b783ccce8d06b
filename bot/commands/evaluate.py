"""`facepulse evaluate`: labelled clips in, a table of how well they are told apart out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click


@click.command()
@click.argument("clips", type=click.Path(path_type=Path), metavar="DATASET_OR_TSV")
@click.option("--dataset", metavar="NAME", help="Which dataset it is; by default it is recognised.")
@click.option("--split", metavar="NAME", help="train, val, test or all; by default test where there is one.")
@click.option("--compression", metavar="NAME", help="Only clips published so, such as c23.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("evaluation"), show_default=True, metavar="DIR")
@click.option("--resume", is_flag=True, help="Go on with the scores that are in DIR.")
@click.option("--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes that measure.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="N files only, drawn by the seed.")
@click.option("--reencode", default="", metavar="LIST", help="Also measure crf23,crf28,crf35,crf40,half,quarter.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--draws", type=click.IntRange(min=1), default=1000, show_default=True, help="Of the intervals.")
@click.option("--leave-one-generator-out", is_flag=True, help="Fit the fusion again without each generator.")
@click.option("--peer-scores", multiple=True, metavar="NAME=FILE.tsv", help="Scores of another method; repeatable.")
@click.option(
    "--calibration", type=click.Path(path_type=Path), metavar="FUSION.json", help="Conclude with this fusion."
)
@click.option("--ignore-labels", is_flag=True, help="For research: conclude as if no file declared itself synthetic.")
@click.option(
    "--mesonet", type=click.Path(path_type=Path), metavar="FILE", help="Weights of Meso-4, to measure it too."
)
def evaluate(
    *,
    clips: Path,
    dataset: str | None,
    split: str | None,
    compression: str | None,
    out: Path,
    resume: bool,
    jobs: int,
    limit: int | None,
    reencode: str,
    seed: int,
    draws: int,
    leave_one_generator_out: bool,
    peer_scores: Sequence[str],
    calibration: Path | None,
    ignore_labels: bool,
    mesonet: Path | None,
) -> int:
    """Measure the verdict and every detector on clips whose truth is known.

    Takes a table of clips (TSV) or a dataset in its official layout, and writes scores.jsonl, table.md, table.json
    and reliability.png to DIR; docs/evaluation.md explains them. It may be stopped at any time and goes on with
    --resume.
    """
    from bot import evaluating  # noqa: PLC0415  (loads the whole analysis)

    return evaluating.evaluate_clips(
        clips,
        out,
        evaluating.Wanted(
            dataset, split, compression, tuple(peer_scores), mesonet, calibration, ignore_labels=ignore_labels
        ),
        evaluating.Options(
            variants=evaluating.parse_variants(reencode),
            limit=limit,
            jobs=jobs,
            resume=resume,
            leave_one_out=leave_one_generator_out,
            bootstrap=evaluating.Bootstrap(draws, seed),
        ),
    )
