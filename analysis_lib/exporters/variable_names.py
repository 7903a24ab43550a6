"""Under which name is a variable known to SPSS, Stata and R, whatever the study calls it?

Ids of themes may hold letters of any script and be long; a variable may not. An id that is a legal name everywhere
stays as it is. Any other is spelt with the letters that are left of it and a digest of the whole id, so that its name
depends on no other theme and is the same in every wave.

References: IBM SPSS Statistics, Command Syntax Reference, "Variable names"; R Language Definition, section 10.3.2.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence

_LEGAL = re.compile(r"[A-Za-z](?:[A-Za-z0-9._]{0,62}[A-Za-z0-9])?")
_LETTERS_KEPT = 40
# Words that SPSS keeps for itself, and those that R does, whatever their case.
_RESERVED = frozenset(
    {
        *("all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with"),
        *("if", "else", "repeat", "while", "function", "for", "next", "break", "in"),
        *("true", "false", "null", "inf", "nan", "na"),
    }
)


def legal_names(ids: Sequence[str], *, taken: Collection[str] = ()) -> dict[str, str]:
    """A name for each id that is legal everywhere and that no other variable has, in whatever case.

    Parameters
    ----------
    ids
        Ids of themes, or names of columns; each once.
    taken
        Names that other variables of the same file have already.

    Returns
    -------
    dict
        Id -> name of at most 64 ASCII characters: letters, digits, points and underscores, a letter first.

    Examples
    --------
    >>> legal_names(["A.cold", "Wärme"])
    {'A.cold': 'A.cold', 'Wärme': 'Warme_5c9c60'}
    >>> legal_names(["age"], taken=["Age"])["age"].startswith("age_")
    True
    """
    folded = Counter(name.casefold() for name in (*ids, *taken))
    names: dict[str, str] = {}
    used = {name.casefold() for name in taken}
    for name in ids:
        if _LEGAL.fullmatch(name) and name.casefold() not in _RESERVED and folded[name.casefold()] == 1:
            names[name] = name
            used.add(name.casefold())
    for name in ids:
        if name not in names:
            names[name] = _spelt(name, used)
            used.add(names[name].casefold())
    return {name: names[name] for name in ids}


def _spelt(name: str, used: Collection[str]) -> str:
    """The letters that are left of an id, and as much of its digest as keeps it apart from other names."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    letters = re.sub(r"[^A-Za-z0-9.]+", "_", plain).lstrip("._0123456789")[:_LETTERS_KEPT].rstrip("._")
    digest = hashlib.sha256(name.encode("utf-8")).hexdigest()
    tries = (f"{letters or 'theme'}_{digest[:length]}" for length in range(6, 20))
    return next(found for found in tries if found.casefold() not in used)
