"""Keyed randomness: a draw depends on seed, stream, replicate and patient, on nothing else.

Philox counts, so patient i takes the i-th number of a stream whatever the batch: adding a
patient, or asking for some of them only, changes no other.
"""

import zlib

import numpy as np


def uniform(seed, stream, patients, replicate=0):
    """Uniform numbers in (0, 1), one for each patient number in `patients` (integers >= 0)."""
    patients = np.asarray(patients, dtype=np.int64)
    key = np.array([seed, (zlib.crc32(stream.encode()) << 32) + replicate], dtype=np.uint64)
    raw = np.random.Philox(key=key).random_raw(int(patients.max(initial=-1)) + 1)
    return ((raw[patients] >> np.uint64(11)).astype(float) + 0.5) * 2.0**-53


def normal(seed, stream, patients, replicate=0):
    """Standard normal numbers, one for each patient, by the inverse of the distribution."""
    from scipy.special import ndtri

    return ndtri(uniform(seed, stream, patients, replicate))
