r"""What in somebody's words could tell who they are, as far as a pattern can see it?

Addresses, numbers and dates have a form, and the NHS number a check digit; a titled name and a great age have words
around them. Whatever is found has to be answered by a reviewer before the words leave. Nothing that is found says that
words are safe: "the only female bishop in Wales" has no form. Flags help the people who read; they never decide.

References: NHS Data Dictionary, NHS number (modulus 11); British Standard BS 7666, postcodes; 45 CFR 164.514(b)(2), the
identifiers of the Safe Harbor method (ages over 89, dates but for the year); Kaiser 2009, Qual Health Res 19(11),
1632-1641, on deductive disclosure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

# Name of a flag, as it stands in ``flags_answered`` -> what it is called in a sentence.
FLAGS = {
    "email": "an e-mail address",
    "url": "a web address",
    "handle": "a name in a social network",
    "nhs_number": "an NHS number",
    "phone": "a telephone number",
    "postcode": "a postcode",
    "date": "a date",
    "name": "a name with its title",
    "age": "an age over 89",
}


@dataclass(frozen=True)
class Flag:
    """One place in a text that a reviewer has to answer.

    Parameters
    ----------
    name
        One of :data:`FLAGS`.
    start, end
        Where it stands, in code points; ``end`` is after its last character.
    """

    name: str
    start: int
    end: int


def find_flags(text: str) -> tuple[Flag, ...]:
    """Every place that may say who is speaking or spoken of, in the order of the text, none over another.

    Parameters
    ----------
    text
        Somebody's words. Full-width letters, unusual dashes, spaces and invisible characters hide nothing.

    Examples
    --------
    >>> [flag.name for flag in find_flags("Dr Patel rang on 14 March 2023 from 020 7946 0958.")]
    ['name', 'date', 'phone']
    >>> find_flags("After 12 sessions in 2019 my PHQ-9 was 4.5, down from 19.")
    ()
    """
    plain, places = _plain(text)
    found: list[Flag] = []
    taken: set[int] = set()
    for name, look in _LOOKS:
        for start, end in look(plain):
            span = range(start, end)
            if end > start and taken.isdisjoint(span):
                taken.update(span)
                found.append(Flag(name, places[start], places[end - 1] + 1))
    return tuple(sorted(found, key=lambda flag: flag.start))


def flag_names(*texts: str) -> tuple[str, ...]:
    """Names of the flags found in some texts, each once, in the order of :data:`FLAGS`.

    >>> flag_names("I turned 91", "on 1/2/2020 I turned 92")
    ('date', 'age')
    """
    found = {flag.name for text in texts for flag in find_flags(text)}
    return tuple(name for name in FLAGS if name in found)


def is_nhs_number(text: str) -> bool:
    """Whether ten digits are an NHS number: the last is the modulus-11 check digit of the others.

    Notes
    -----
    The first nine digits are multiplied by 10, 9, ... 2 and summed; eleven less the remainder of the sum by eleven is
    the check digit, eleven standing for 0; where it would be ten, the number is not in use.

    >>> is_nhs_number("943 476 5919"), is_nhs_number("943 476 5918")
    (True, False)
    """
    digits = re.sub(r"[ -]", "", text)
    if not re.fullmatch(r"[0-9]{10}", digits):
        return False
    check = (
        11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    )
    return int(digits[9]) == check % 11 if check != 10 else False


def _plain(text: str) -> tuple[str, list[int]]:
    """The text in plain signs, and where each of them stands in it."""
    if text.isascii():
        return text, list(range(len(text)))
    signs: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        kind = unicodedata.category(sign)
        if kind == "Cf":  # invisible: a soft hyphen, a joiner, a mark of direction
            continue
        if kind == "Zs":
            signs.append(" ")
        elif kind == "Pd" or sign == "\N{MINUS SIGN}":
            signs.append("-")
        elif sign in "\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}":
            signs.append("'")
        else:
            usual = unicodedata.normalize("NFKC", sign)
            digit = unicodedata.digit(usual, None) if len(usual) == 1 else None
            signs.append(str(digit) if digit is not None else usual if len(usual) == 1 else sign)
        places.append(place)
    return "".join(signs), places


Spans = Iterator[tuple[int, int]]


def _all(
    pattern: str, flags: int = 0, holds: Callable[[str], bool] = lambda found: True
) -> Callable[[str], Spans]:
    """A look for everything that fits a pattern and holds."""
    compiled = re.compile(pattern, flags | re.VERBOSE)

    def look(text: str) -> Spans:
        return (match.span() for match in compiled.finditer(text) if holds(match[0]))

    return look


_EMAIL = _all(
    r"""
    [\w.+'%-]{1,64} (?: @ | \s*[(\[]\s*at\s*[)\]]\s* )
    [\w-]{1,63} (?: (?: \. | \s*[(\[]\s*dot\s*[)\]]\s* ) [\w-]{1,63} )+
    """,
    re.IGNORECASE,
)
# Endings that are no English word; others are seen after http or www.
_URL = _all(
    r"""
    \b(?: https?:// | www\. ) [^\s<>"]+
    | (?<![\w@.-]) (?: [a-z0-9] [a-z0-9-]* \. )+ (?: com|org|net|edu|gov|info|uk|eu|ie|de|fr|nl|blog|io ) \b (?! [.]\w )
      (?: / [^\s<>"]* )?
    """,
    re.IGNORECASE,
)
_HANDLE = _all(r"(?<![\w@.+-]) @ [A-Za-z_] \w [\w.]{0,28}")
_NHS_NUMBER = _all(r"(?<![\d.+-]) \d{3}[ -]?\d{3}[ -]?\d{4} (?! \d | [.,-]\d )", holds=is_nhs_number)


_DIALLED = re.compile(
    r"""
    (?<! [\w.+:/] ) (?: \+ \(?\d++ | \(0\d*+ | 0\d++ )         # +44, (0131, 07700, 0044
    (?: (?: [ ()-]{1,3} | \. | / (?=\d{3}) ) \d++ ){0,8}+
    """,
    re.VERBOSE,
)
_AMERICAN = _all(r"(?<! [\w.+:/-] ) (?: \( \d{3} \) [ ]? | \d{3} [ .-] ) \d{3} [ .-] \d{4} (?! \d | [.]\d )")


def _dialled(text: str) -> Spans:
    """Telephone numbers that begin with + or 0; what stands before or after one may be another number."""
    here = 0
    while match := _DIALLED.search(text, here):
        groups = [group.end() for group in re.finditer(r"\d+", match[0])]
        ends = [end for end in reversed(groups) if _is_phone(match[0][:end])]
        if ends:
            yield match.start(), match.start() + ends[0]
        here = match.start() + (ends[0] if ends else groups[0])


def _is_phone(found: str) -> bool:
    """Whether digits in groups are a telephone number and no list of small numbers, times or decimals."""
    groups, between = re.findall(r"\d+", found), set(re.findall(r"\D+", found))
    if "." in between and len(between) > 1 and not found.startswith("+"):
        return False  # 0.5 2019 2020
    pairs = len(groups) == 5 and len(between) == 1 and {*map(len, groups)} == {2}  # 06 12 34 56 78
    if not pairs and max(map(len, groups)) < 3:
        return False
    n = sum(map(len, groups))
    if found.startswith("+"):
        return 8 <= n <= 15
    if re.match(r"\(?00", found):
        return 10 <= n <= 17
    return 9 <= n <= 11 and not found.startswith("0.")


# Letters that stand nowhere in the second half of a postcode: C I K M O V.
_INWARD = "[0-9][ABD-HJLNP-UW-Z]{2}"
_OUTWARD = "(?: [A-PR-UWYZ][0-9][0-9A-HJKPSTUW]? | [A-PR-UWYZ][A-HK-Y][0-9][0-9ABEHMNPRV-Y]? | GIR )"
_POSTCODE = _all(rf"(?<![\w.-]) {_OUTWARD} [ ]? {_INWARD} (?!\w)")
_POSTCODE_IN_SMALL_LETTERS = _all(
    rf"(?<![\w.-]) {_OUTWARD.lower()} [ ]? {_INWARD.lower()} (?!\w)",
    holds=lambda found: found[-2:] not in ("st", "nd", "rd", "th"),
)
# "may" and "march" are verbs, so they count with a capital only.
_MONTH = (
    r"(?: (?i:jan|feb|apr|jun|jul|aug|sept?|oct|nov|dec|january|february|april|june|july|august|september|october"
    r"|november|december) | Mar(?:ch)? | MAR(?:CH)? | May | MAY ) \b \.?"
)
_DAY = r"(?: 3[01] | [12][0-9] | 0?[1-9] )"
_YEAR = r"(?: (?:19|20)?[0-9]{2} )"
_DATE = _all(
    rf"""
    (?<![\d.,/-]) (?: (?:19|20)[0-9]{{2}} ([-/.]) (?: 1[0-2]|0?[1-9] ) \1 {_DAY}
      | {_DAY} ([-/.]) (?: 1[0-2]|0?[1-9] ) \2 {_YEAR}
      | (?: 1[0-2]|0?[1-9] ) ([-/]) {_DAY} \3 {_YEAR} ) (?! \d | [-./,]\d | \s?% )
    | (?<![\d.,/-]) {_DAY} (?:\s?(?:st|nd|rd|th))? \s? [-/]? (?:of\s)? \s? {_MONTH}
      (?: ,?[\s/-]? (?:19|20)[0-9]{{2}} (?!\d) )?
    | \b {_MONTH} \s (?:the\s)? {_DAY} (?:st|nd|rd|th)?
      (?! [\d:%] | [.,]\d | \s (?: sessions?|weeks?|days?|hours?|times?|minutes? ) )
      (?: ,?\s (?:19|20)[0-9]{{2}} (?!\d) )?
    """
)
# What may follow a title that ends a sentence, and "Miss" where it is a verb.
_NOT_A_NAME = re.compile(
    "(?:a|after|all|also|although|and|as|at|because|before|but|even|he|her|his|i|if|in|it|its|my|no|nobody|nor|not|of|on"
    "|one|or|our|she|so|some|that|the|their|then|there|they|this|though|to|was|we|were|what|when|where|which|while|who"
    "|why|with|yes|you|your|[a-z]+day)",
    re.IGNORECASE,
)


def _names_somebody(found: str) -> bool:
    """Whether a name follows the title, and not the next sentence."""
    name = re.split(r"[\s.]+", found)[-1]
    if _NOT_A_NAME.fullmatch(name):
        return False
    return not name[:1].islower() or bool(re.match(r"(?i:mrs?|mx)\b", found))


_NAME = _all(
    r"""
    \b (?: (?i: mr|mrs|ms|mx|dr|prof|rev ) \.?
        | (?: Miss|Doctor|Professor|Reverend|Father|Sister|Brother|Nurse|Sir|Dame|Lord|Lady|Herr|Frau|Madame ) )
    [ ] (?: [A-Z]\.? [ ] )? (?: (?: van|von|der|den|de|la|le|di|da|du|el|al|bin|ter ) [ ] )* [^\W\d_] [\w'-]+
    """,
    holds=_names_somebody,
)
_OVER_89 = r"(?: 9[0-9] | 1[0-2][0-9] )"
_NINETY = (
    r"(?: ninety (?: [- ]? (?:one|two|three|four|five|six|seven|eight|nine) )?"
    r" | (?:a|one)[ ]hundred (?: [ ]and[ ]\w+ )? )"
)
_MEASURE = (
    r"(?! \d | [.,]\d | \s?(?: % | per\s?cent | minutes?\b | mins?\b | hours?\b | days?\b | weeks?\b"
    r" | months?\b | sessions?\b | times?\b | kg\b | kilos?\b | pounds?\b | lbs?\b | cm\b | km\b | miles?\b"
    r" | degrees?\b | people\b"
    r" | years?\b (?! [- ]old | \s of \s age ) ) )"
)
_AGE = _all(
    rf"""
    (?<![\d.,-]) (?: \b{_OVER_89} | \b{_NINETY} ) [- ]? (?: years? | yrs? ) [- ] (?: old | of[ ]age ) \b
    | (?<![\d.,-]) \b{_OVER_89} [ ]? (?: y/o | yo\b | y\.o\. )
    | \b (?: aged? (?:[ ]of)? | turn(?:s|ed|ing)? | I'm | I[ ](?:am|was) | (?:he|she) (?: 's | [ ]is | [ ]was )
      | (?:who|mum|mother|dad|father|nan|gran|grandad|grandmother|grandfather|husband|wife) (?: 's | [ ]is | [ ]was ) )
      [ ] (?: (?:now|nearly|almost|already|over|about) [ ] )? (?: {_OVER_89} {_MEASURE} | {_NINETY} \b {_MEASURE} )
    | \b (?: my|her|his|their|our|your ) [ ] (?: (?:early|mid|late) [- ] )? (?: nineties | 90s | 90's ) \b
    | \b (?: nonagenarian | centenarian ) \b
    """,
    re.IGNORECASE,
)
# A form that is part of a longer one is looked for after it.
_LOOKS: tuple[tuple[str, Callable[[str], Spans]], ...] = (
    ("email", _EMAIL),
    ("url", _URL),
    ("handle", _HANDLE),
    ("date", _DATE),
    ("phone", _dialled),
    ("nhs_number", _NHS_NUMBER),
    ("phone", _AMERICAN),
    ("postcode", _POSTCODE),
    ("postcode", _POSTCODE_IN_SMALL_LETTERS),
    ("name", _NAME),
    ("age", _AGE),
)
