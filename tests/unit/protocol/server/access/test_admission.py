"""Who is let in, by what a store knows of him."""

from __future__ import annotations

import pytest

from protocol.server.access.admission import Admission, Known, admission

VIEWER = Admission("viewer", by_invite=True)


@pytest.mark.parametrize(
    ("known", "found"),
    [
        (Known(None), Admission()),
        (Known("host"), Admission("host")),
        (Known("viewer"), VIEWER),
        (Known("viewer", 3), Admission("viewer", by_invite=True, counts=True)),
        (Known("viewer", 0), Admission()),
        (Known("viewer", 0, is_admitted=True), VIEWER),
        (Known("viewer", 3, is_admitted=True), VIEWER),
        (Known(None, is_admitted=True), VIEWER),
        (Known(None, is_removed=True), Admission()),
        (Known("viewer", is_removed=True), Admission(is_removed=True)),
        (Known("viewer", 0, is_removed=True), Admission(is_removed=True)),
        (Known("host", is_removed=True), Admission("host")),
        (Known(None, is_host=True), Admission("host", by_invite=True)),
        (Known("viewer", is_host=True), Admission("host", by_invite=True)),
        (Known("host", is_host=True), Admission("host")),
    ],
)
def test_who_is_let_in_and_as_what(known: Known, found: Admission) -> None:
    assert admission(known) == found
