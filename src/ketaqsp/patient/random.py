"""Keyed randomness: a draw depends on seed, stream, replicate and patient, on nothing else.

Philox counts, so patient i takes the i-th number of a stream whatever the batch: adding a
patient, or asking for some of them only, changes no other. It counts in blocks of four numbers,
and any block can be had without those before it.
"""

import hashlib
import zlib
from numbers import Integral

import numpy as np

from ketaqsp.errors import BadInput

MOST_ID = 2**53  # numbers of patients lie below: those that a float, JSON and a csv hold in full
NEAR = 100_000  # Philox runs through so many numbers sooner than blocks are picked one by one
PER_PATIENT = 8  # and through so many for each patient
BLOCK = 4  # numbers of one count
# Philox4x64-10 (Salmon et al. 2011): factors, additions to the key, rounds.
FACTORS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
ADDED = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
ROUNDS = 10
WORD, HALF = 2**64 - 1, np.uint64(32)
LOW = np.uint64(2**32 - 1)


def uniform(seed, stream, patients, replicate=0, *, long=False):
    """Uniform numbers in (0, 1), one for each patient number in `patients` (integers >= 0).

    seed, replicate: 0 to 2^32 - 1. stream: a name, hashed to 32 bits; `long`: to 64, for names
    that hold a time, of which there are so many that two share 32 bits.
    """
    patients = np.asarray(patients, dtype=np.int64)
    raw = _raw(_key(seed, stream, replicate, long), patients)
    return ((raw >> np.uint64(11)).astype(float) + 0.5) * 2.0**-53


def normal(seed, stream, patients, replicate=0, *, long=False):
    """Standard normal numbers, one for each patient, by the inverse of the distribution."""
    from scipy.special import ndtri

    return ndtri(uniform(seed, stream, patients, replicate, long=long))


def checked_seed(seed):
    """`seed` as an int. Raises BadInput unless it is a whole number from 0 to 2^32 - 1."""
    if isinstance(seed, bool | np.bool_) or not isinstance(seed, Integral) or not 0 <= seed < 2**32:
        raise BadInput(
            f"seed is {seed!r}; allowed: a whole number from 0 to 2^32 - 1. Write for example "
            "seed=1.",
            field="seed",
        )
    return int(seed)


def checked_ids(ids):
    """Numbers of patients (m,) as int64, each once, m >= 1. Raises BadInput."""
    allowed = (
        "allowed: whole numbers from 0 to 2^53 - 1, each once, at least one. Write for example "
        "ids=[5, 6, 7]."
    )
    if isinstance(ids, np.ndarray) and ids.ndim == 1 and ids.dtype.kind == "i":
        found = ids.astype(np.int64)
        _within_range(found[(found < 0) | (found >= MOST_ID)], allowed)
    else:
        found = _whole_numbers(ids, allowed)
    if not len(found):
        raise BadInput(f"ids is empty; {allowed}", field="ids")
    numbers = np.array(found, dtype=np.int64)
    once, count = np.unique(numbers, return_counts=True)
    if once.size < numbers.size:
        raise BadInput(f"ids holds {once[count > 1][0]} more than once; {allowed}", field="ids")
    return numbers


def _whole_numbers(ids, allowed):
    """The numbers of a sequence of anything, as a list."""
    try:
        found = list(ids) if not isinstance(ids, str) else None
    except TypeError:
        found = None
    if found is None:
        raise BadInput(f"ids is {ids!r}, no list; {allowed}", field="ids")
    for one in found:
        if isinstance(one, bool | np.bool_) or not isinstance(one, Integral):
            raise BadInput(f"ids holds {one!r}, no whole number; {allowed}", field="ids")
    _within_range([one for one in found if not 0 <= one < MOST_ID], allowed)
    return found


def _within_range(wrong, allowed):
    if len(wrong):
        raise BadInput(f"ids holds {wrong[0]}, out of range; {allowed}", field="ids")


def _key(seed, stream, replicate, long):
    """Two words: seed and replicate, with the hash of the stream in the halves they leave."""
    name = stream.encode()
    if not long:
        return int(seed), (zlib.crc32(name) << 32) + int(replicate)
    digest = hashlib.blake2b(name, digest_size=8).digest()
    first, second = (int.from_bytes(x, "little") << 32 for x in (digest[:4], digest[4:]))
    return first + int(seed), second + int(replicate)


def _raw(key, patients):
    """The numbers of Philox at the places `patients`, as 64-bit words."""
    if not patients.size:
        return np.empty(patients.shape, np.uint64)
    block = int(patients.min()) // BLOCK
    span = int(patients.max()) + 1 - block * BLOCK
    if span <= NEAR + PER_PATIENT * patients.size:
        made = np.random.Philox(counter=block, key=np.array(key, np.uint64))
        return made.random_raw(span)[patients - block * BLOCK]
    counts = patients // BLOCK + 1  # numpy counts on before it makes the first block
    return np.choose(patients % BLOCK, _blocks(key, counts.astype(np.uint64)))


def _blocks(key, counts):
    """The four numbers (each like `counts`) of the blocks with these counts."""
    nothing = np.zeros_like(counts)
    a, b, c, d = counts, nothing, nothing, nothing
    one, other = key
    for _ in range(ROUNDS):
        (high_a, low_a), (high_c, low_c) = _times(FACTORS[0], a), _times(FACTORS[1], c)
        a, b, c, d = high_c ^ b ^ np.uint64(one), low_c, high_a ^ d ^ np.uint64(other), low_a
        one, other = (one + ADDED[0]) & WORD, (other + ADDED[1]) & WORD
    return a, b, c, d


def _times(factor, x):
    """Upper and lower word of the product of a number and an array, both of 64 bits."""
    f0, f1 = np.uint64(factor & 0xFFFFFFFF), np.uint64(factor >> 32)
    x0, x1 = x & LOW, x >> HALF
    middle = f1 * x0 + ((f0 * x0) >> HALF)
    rest = f0 * x1 + (middle & LOW)
    return f1 * x1 + (middle >> HALF) + (rest >> HALF), np.uint64(factor) * x
