"""What the appearance network gains when swaps made by our own studio are part of what it is trained on.

    python -m benchmarks.forge_gain read --work DIR --photos F … --pairs F … --generated F … --clips F --swaps SWAPS.tsv
    python -m benchmarks.forge_gain train --work DIR --start NET --autoencoder NET [--part 0/2]
    python -m benchmarks.forge_gain table --work DIR

`read` brings all material into the canonical frame once. `train` trains a network for each arm, half and seed, and
scores it on the half that it never saw; interrupted, it goes on. `table` prints what the arms differ by.

Four arms: with and without our own swaps, each with and without the swaps of the collection's generator. Halves are
of people and targets: whoever was filmed or shown in one is nowhere in the other, own swaps included. All arms of a
half and seed start from one network, which must have seen no clip of the collection, and are trained alike.

SWAPS.tsv has the columns model (folder or .dfm), driver (clip), source, target (people as MANIFEST.tsv calls them).
Swapped faces stay in memory; DIR has faces of the collection: delete it afterwards.
"""
