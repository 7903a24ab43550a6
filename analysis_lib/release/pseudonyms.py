"""By which label is a person known outside?

Keyed hashing (HMAC-SHA256): stable over waves, and nothing without the key, which lies outside the study. A hash
without a key would be no protection, since ids are few enough to be tried one by one.

References: ICO, Anonymisation code of practice.
"""

from __future__ import annotations

import hashlib
import hmac

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no letter that reads like a digit


def pseudonym(participant_id: str, key: bytes) -> str:
    """A label that stays the same over waves and tells nothing without the key.

    Keyed hashing (HMAC-SHA256), six characters of 32.

    >>> pseudonym("P001", b"k") == pseudonym("P001", b"k") != pseudonym("P002", b"k")
    True
    """
    digest = hmac.digest(key, participant_id.encode("utf-8"), hashlib.sha256)
    number = int.from_bytes(digest[:8], "big")
    letters = []
    for _ in range(6):
        number, rest = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[rest])
    return "".join(letters)
