"""Patterns of contracts mean the same in RE2, and never cost more than their text."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract.patterns import matcher, searched
from hub.contract.xsd_patterns import translate
from hub.errors import Reject


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a|b", "b", True),
        ("a|b", "ab", False),
        ("a|b", "xb", False),
        ("[0-9]{2}", "12", True),
        ("[0-9]{2}", "12\n", False),
        ("[0-9]{2}", "\n12", False),
        ("Hồ.", "Hồ.", True),
        (".", "\n", False),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_a_pattern_is_the_whole_text(pattern: str, text: str, expected: bool) -> None:
    assert matcher(pattern)(text) is expected


FIXED = ("[0-9]{3}", r"\d{2}-\d{2}", "[A-Fa-f0-9]{2}", "[a_.-]{2}b", r"a\.b", "x y", "[0-9]{0}a")


@given(st.sampled_from(FIXED), st.text(st.sampled_from("0123456789abABxy_.- \n٣é"), max_size=6))
def test_a_pattern_without_choices_means_the_same(pattern: str, text: str) -> None:
    assert matcher(f"(?:{pattern})")(text) is matcher(pattern)(text)


@pytest.mark.parametrize(
    "pattern",
    [
        "^[0-9]{5}$",
        "[0-9]",
        "^a|b$",
        "^a",
        "a$",
        "^(a|b)$",
        "a\\$",
        "^a\\$",
        "^$",
        "x|^$",
        "^a|^b$",
    ],
)
@given(text=st.text(st.sampled_from("ab0123456789$x\n"), max_size=6))
def test_a_searched_pattern_means_what_ecma_says(pattern: str, text: str) -> None:
    dollar = re.sub(r"(?<!\\)\$", r"\\Z", pattern)  # Python's $ also stands before a last newline
    assert matcher(searched(pattern))(text) is (re.search(dollar, text) is not None)


@pytest.mark.parametrize(
    ("pattern", "translated"),
    [
        (r"[A-Z]{2}\d{9}", r"[A-Z]{2}\p{Nd}{9}"),
        ("a^b$", r"a\^b\$"),
        ("[^a$]", r"[^a\$]"),
        ("[a^]", r"[a\^]"),
        (r"\^\$\.", None),
        (r"[\d\s-]", r"[\p{Nd} \t\n\r-]"),
        (r"\S+", r"[^ \t\n\r]+"),
        (r"\p{Lu}", r"\p{Lu}"),
    ],
)
def test_a_pattern_of_xml_schema_is_translated(pattern: str, translated: str | None) -> None:
    if translated is None:
        with pytest.raises(Reject, match="is not supported"):
            translate(pattern)
    else:
        assert translate(pattern) == translated
        matcher(translated)


@pytest.mark.parametrize(
    "pattern", ["(?=a)", "(?<!a)", r"(a)\1", "(a{1000}){1000}", "(", "[z-a]", "a" * 1_001]
)
def test_what_re2_does_not_know_is_refused(pattern: str) -> None:
    with pytest.raises(Reject) as refused:
        matcher(pattern)
    assert refused.value.fix


@pytest.mark.parametrize("pattern", ["(x+x+)+y", "(.*a){12}b", "(a|a)*b", "([a-z]+)+@"])
def test_no_pattern_is_catastrophic(pattern: str) -> None:
    matches = matcher(pattern)
    started = time.process_time()
    assert not matches("xa" * 50_000)
    assert time.process_time() - started < 1
