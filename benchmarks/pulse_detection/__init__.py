"""What the pulse says about face swaps: every table of docs/research/0003 and of the card of the pulse CNN.

    python -m benchmarks.pulse_detection --data COLLECTION --cache FOLDER

COLLECTION holds MANIFEST.tsv (docs/research/0003 gives its columns). Faces are watched once, and the answers of every
trained fold are kept, both in FOLDER, so that a second run only prints. Needs the `train` extra (scikit-learn).
"""
