from __future__ import annotations

import inspect
import re

import pytest

from protocol import exceptions
from protocol.exceptions import DecodeError, MatineeError, Refused, SettingsError

KINDS = [
    kind
    for _, kind in inspect.getmembers(exceptions, inspect.isclass)
    if kind.__module__ == exceptions.__name__
]


def test_an_error_reads_as_its_cause_and_its_remedy() -> None:
    assert str(MatineeError("port 8765 is in use", "choose another")) == (
        "port 8765 is in use: choose another"
    )
    assert str(MatineeError("nothing to be done")) == "nothing to be done"


def test_a_decode_error_names_the_field() -> None:
    error = DecodeError("invalid_field", "act.position", "not a number")
    assert (error.code, error.field, error.message) == (
        "invalid_field",
        "act.position",
        "not a number",
    )


def test_a_refusal_carries_its_code() -> None:
    error = Refused("host_present", "Ada is hosting", "take over")
    assert (error.code, str(error)) == ("host_present", "Ada is hosting: take over")


def test_a_settings_error_names_the_setting() -> None:
    error = SettingsError("port", "must be 1 to 65535", "change it")
    assert (error.field, str(error)) == ("port", "port: must be 1 to 65535: change it")


def test_a_remedy_that_has_a_code_is_no_part_of_the_text() -> None:
    error = SettingsError("server", "is not encrypted", remedy_code="allow_plain_http")
    assert (str(error), error.remedy_code) == ("server: is not encrypted", "allow_plain_http")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_tree_in_the_docstring_is_the_tree(kind: type[Exception]) -> None:
    assert issubclass(kind, MatineeError)
    lines = (exceptions.__doc__ or "").splitlines()
    names = [re.sub(r"[│├└─ ]", " ", line).split(maxsplit=1)[:1] for line in lines]
    depths = [len(line) - len(line.lstrip("│├└─ ")) for line in lines]
    here = names.index([kind.__name__])
    if kind is not MatineeError:
        parent = next(i for i in range(here, -1, -1) if depths[i] < depths[here])
        assert names[parent] == [kind.__bases__[0].__name__]
