"""What in somebody's words is marked for a reviewer, and what only looks as if it should be."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis_lib.quote_flags import FLAGS, find_flags, flag_names, is_nhs_number
from analysis_lib.schema import table_schema


def found(text: str) -> list[tuple[str, str]]:
    return [(flag.name, text[flag.start : flag.end]) for flag in find_flags(text)]


# 9*10 + 4*9 + 3*8 + 4*7 + 7*6 + 6*5 + 5*4 + 9*3 + 1*2 = 299 = 27*11 + 2, and 11 - 2 = 9: the check digit.
# 4*10 + 0*9 + 1*8 + 0*7 + 2*6 + 3*5 + 2*4 + 1*3 + 3*2 = 92 = 8*11 + 4, and 11 - 4 = 7.
# 1*2 = 2 for 000000001: 11 - 2 = 9. 5*2 = 10 for 000000005: the check digit would be 1.
# 6*2 = 12 for 000000006: 11 - 1 = 10, so no number has these nine digits. 0 for all zeros: 11, which stands for 0.
@pytest.mark.parametrize(
    "text", ["943 476 5919", "9434765919", "943-476-5919", "401 023 2137", "0000000051", "0000000000"]
)
def test_ten_digits_with_the_right_check_digit_are_an_nhs_number(text: str) -> None:
    assert is_nhs_number(text)


@pytest.mark.parametrize(
    "text", ["943 476 5918", "943 476 591", "943 476 59190", "0000000060", "943x4765919", ""]
)
def test_other_digits_are_none(text: str) -> None:
    assert not is_nhs_number(text)


def test_exactly_one_last_digit_fits_nine_others_or_none_does() -> None:
    # 1*10 + 2*9 + 3*8 + 4*7 + 5*6 + 6*5 + 7*4 + 8*3 + 9*2 = 210 = 19*11 + 1, so the digit would be ten: none
    fitting = {"943476591": 1, "000000006": 0, "123456789": 0, "400000000": 1}
    for nine, n in fitting.items():
        assert sum(is_nhs_number(f"{nine}{last}") for last in range(10)) == n


@pytest.mark.parametrize(
    ("name", "words", "text"),
    [
        ("email", "jo.b@nhs.net", "Write to jo.b@nhs.net, she said."),
        ("email", "jo (at) example (dot) org", "jo (at) example (dot) org"),
        ("email", "ｊｏ＠ｅｘａｍｐｌｅ．ｏｒｇ", "ｊｏ＠ｅｘａｍｐｌｅ．ｏｒｇ"),
        ("url", "https://a.example/b?c=1", "I found https://a.example/b?c=1 at night"),
        ("url", "www.example.org", "on www.example.org they say"),
        ("url", "mind-and-body.co.uk", "It was mind-and-body.co.uk that helped"),
        ("handle", "@jo_b", "I am @jo_b there"),
        ("nhs_number", "943 476 5919", "my number 943 476 5919 was"),
        ("phone", "07700 900123", "Ring 07700 900123. 3 times I did."),
        ("phone", "07700900123", "07700900123"),
        ("phone", "020 7946 0958", "from 020 7946 0958 2019"),
        ("phone", "07700 900123", "from 0 to 5 or 07700 900123"),
        ("phone", "(0131) 496 0123", "on (0131) 496 0123"),
        ("phone", "+44 7700 900 123", "on +44 7700 900 123"),
        ("phone", "+44 (0)20 7946 0958", "+44 (0)20 7946 0958"),
        ("phone", "0044 20 7946 0958", "0044 20 7946 0958"),
        ("phone", "+49 30 901820", "+49 30 901820"),
        ("phone", "06 12 34 56 78", "au 06 12 34 56 78"),
        ("phone", "(555) 123-4567", "(555) 123-4567"),
        ("phone", "0\u200b7700 900123", "0\u200b7700 900123"),
        ("phone", "07700\u00a0900\u2013123", "07700\u00a0900\u2013123"),
        ("phone", "943 476 5918", "a mistyped 943 476 5918"),
        ("postcode", "SW1A 1AA", "near SW1A 1AA"),
        ("postcode", "sw1a 1aa", "near sw1a 1aa"),
        ("postcode", "EC1A1BB", "EC1A1BB"),
        ("postcode", "B33 8TH", "B33 8TH"),
        ("date", "14 March 2023", "on 14 March 2023, late"),
        ("date", "14th of March", "the 14th of March"),
        ("date", "March 14, 2023", "March 14, 2023"),
        ("date", "2 June 2022", "on 2 June 2022"),
        ("date", "14/03/2023", "on 14/03/2023"),
        ("date", "3/14/23", "on 3/14/23"),
        ("date", "2023-03-14", "on 2023-03-14"),
        ("date", "14.3.23", "on 14.3.23"),
        ("name", "Dr Patel", "Dr Patel was kind"),
        ("name", "Dr. van der Berg", "then Dr. van der Berg came"),
        ("name", "Prof. A. Lee", "Prof. A. Lee"),
        ("name", "Mr O’Brien", "Mr O’Brien"),
        ("name", "mrs smith", "and mrs smith said"),
        ("name", "Miss Jones", "Miss Jones"),
        ("age", "aged 90", "aged 90"),
        ("age", "91-year-old", "a 91-year-old"),
        ("age", "who is 93", "My nan, who is 93, listened"),
        ("age", "I'm 94", "I'm 94"),
        ("age", "turned 101", "she turned 101"),
        ("age", "her nineties", "well into her nineties"),
        ("age", "ninety-one years old", "ninety-one years old"),
    ],
)
def test_it_is_marked_where_it_stands(name: str, words: str, text: str) -> None:
    assert found(text) == [(name, words)]


@pytest.mark.parametrize(
    "text",
    [
        "After 12 sessions in 2019 my PHQ-9 was 4.5, down from 19.",
        "I had F32.1 and F41 2, they wrote, and ICD-10 says Z63.0.",
        "0.12345678910 and 3.14159265 and 1,234,567,890",
        "sessions 0 1 2 3 4 5 6 7 8 9 10",
        "from 2018 2019 2020 2021 on, 0.5 2019 2020 2021",
        "at 08.30 09.30 10.30, or 09-10 11-12 13-14",
        "3/10 of the time, 24/7, 50/50, week 1/2",
        "10–12 minutes, 2019-2020",
        "2 may help, 50 march on, May 12 sessions be enough",
        "I was 90 minutes late and 91% sure, after 95 sessions and 92 days",
        "She was 89, in the 1990s, in her eighties",
        "I miss Mondays. Miss out. I asked the Dr. He said no.",
        "the dr was late",
        "week W1 1st",
        "p < .05, N = 100, 1.5.2",
        "e.g. this and i.e.that, done.Then he left",
        "@ noon",
        "007, 999 and 111",
        "",
    ],
)
def test_numbers_codes_and_words_that_only_look_like_it_are_left_alone(text: str) -> None:
    assert found(text) == []


def test_several_flags_are_named_once_each_in_the_order_of_the_contract() -> None:
    text = "I'm 94, I'm 95, born 1/2/1930, jo@example.org"
    assert [name for name, _ in found(text)] == ["age", "age", "date", "email"]
    assert flag_names(text, "Dr Patel") == ("email", "date", "name", "age")


def test_the_contract_names_every_flag() -> None:
    said = table_schema("quote_reviews")["flags_answered"].description
    assert all(name in said for name in FLAGS)


@given(st.text(max_size=200))
def test_flags_lie_inside_the_text_in_order_and_never_over_one_another(text: str) -> None:
    flags = find_flags(text)
    assert all(0 <= flag.start < flag.end <= len(text) for flag in flags)
    assert all(one.end <= other.start for one, other in pairwise(flags))


@pytest.mark.parametrize(
    "piece", ["0", "0 1", "a", "a.", "a@", "Dr ", "(0", "+4-4 ", "9 years ", "1/1/", "é ", "\u200b"]
)
def test_a_text_made_to_take_long_does_not(piece: str) -> None:
    began = time.process_time()
    find_flags(piece * (20_000 // len(piece)))
    assert time.process_time() - began < 5
