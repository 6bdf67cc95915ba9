"""Who is let in, by what a store knows of him."""

from __future__ import annotations

import pytest

from protocol.server.access.admission import AdmissionDecision, Credentials, decide_admission

VIEWER = AdmissionDecision("viewer", by_invite=True)


@pytest.mark.parametrize(
    ("known", "found"),
    [
        (Credentials(None), AdmissionDecision()),
        (Credentials("host"), AdmissionDecision("host")),
        (Credentials("viewer"), VIEWER),
        (Credentials("viewer", 3), AdmissionDecision("viewer", by_invite=True, counts=True)),
        (Credentials("viewer", 0), AdmissionDecision()),
        (Credentials("viewer", 0, is_admitted=True), VIEWER),
        (Credentials("viewer", 3, is_admitted=True), VIEWER),
        (Credentials(None, is_admitted=True), VIEWER),
        (Credentials(None, is_removed=True), AdmissionDecision()),
        (Credentials("viewer", is_removed=True), AdmissionDecision(is_removed=True)),
        (Credentials("viewer", 0, is_removed=True), AdmissionDecision(is_removed=True)),
        (Credentials("host", is_removed=True), AdmissionDecision("host")),
        (Credentials(None, is_host=True), AdmissionDecision("host", by_invite=True)),
        (Credentials("viewer", is_host=True), AdmissionDecision("host", by_invite=True)),
        (Credentials("host", is_host=True), AdmissionDecision("host")),
    ],
)
def test_who_is_let_in_and_as_what(known: Credentials, found: AdmissionDecision) -> None:
    assert decide_admission(known) == found
