"""JapaneseVowels: 9 speakers, sequences of 12 coefficients, read from the .ts text format."""

import gzip

import numpy as np


def read_ts(path):
    """Sequences, each of shape (T, d), and their class labels."""
    with gzip.open(path, "rt") as file:
        lines = [line.strip() for line in file if line[0] not in "#@\n"]
    sequences, labels = [], []
    for line in lines:
        *channels, label = line.split(":")
        sequences.append(np.array([channel.split(",") for channel in channels], dtype=float).T)
        labels.append(label)
    return sequences, np.array(labels)
