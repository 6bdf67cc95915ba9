"""Who may be in and who hosts, as a host asks for it and as his seat hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from player.api.intents import Give, Kick, Renew, Revoke
from player.api.views import InviteView, RoleView
from player.session.core.effects import ReleasePlayer, ShowText
from player.session.core.presenters import members_view
from protocol.wire.messages import HandOver, NewInvite, Remove

if TYPE_CHECKING:
    from player.api.config import SeatConfig
    from player.session.core.effects import Outbox
    from player.session.core.membership import Membership
    from player.session.core.schedule import Schedule
    from protocol.client.stream_state import StreamState
    from protocol.wire.messages import Invited, Member, ModerationRequest, Role

AboutPeople = Renew | Revoke | Kick | Give


class Moderation:
    """Turns intents about people into requests, and the answers into lines."""

    def __init__(
        self, config: SeatConfig, outbox: Outbox, membership: Membership, schedule: Schedule
    ) -> None:
        self._has_key = config.role == "host"
        self._outbox = outbox
        self._membership = membership
        self._schedule = schedule

    # What is asked for ------------------------------------------------------------------

    def carry_out(self, intent: AboutPeople) -> None:
        """What a host asks for."""
        state = self._membership.state
        if state is None:
            self._outbox.notice("not in the stream yet")
            return
        match intent:
            case Kick(member=text):
                member = self._found(text, state)
                if member is not None:
                    self._run(Remove(self._membership.new_id(), member.member_id))
            case Give(member=text):
                member = self._found(text, state)
                if member is not None:
                    self._run(
                        HandOver(self._membership.new_id(), state.host_term, member.member_id)
                    )
            case Renew(hours=hours, uses=uses):
                self._renew(hours, uses, keep=True)
            case Revoke(hours=hours, uses=uses):
                self._renew(hours, uses, keep=False)
            case _:
                assert_never(intent)

    def take(self) -> None:
        """Host again, where this seat has the key."""
        state, welcome = self._membership.state, self._membership.welcome
        if state is None or welcome is None:
            self._outbox.notice("not in the stream yet")
        elif self._membership.is_host:
            self._outbox.notice("you host already")
        elif not self._has_key:
            self._outbox.notice("only who has the host key takes the remote back; a host gives it")
        else:
            self._hand_over(welcome.member_id, state)

    def _hand_over(self, member_id: str, state: StreamState) -> None:
        self._run(HandOver(self._membership.new_id(), state.host_term, member_id))

    def _renew(self, hours: float | None, uses: int | None, *, keep: bool) -> None:
        lifetime = None if hours is None else hours * 3600.0
        self._run(NewInvite(self._membership.new_id(), keep, lifetime, uses))

    def _run(self, request: ModerationRequest) -> None:
        if not self._membership.moderate(request):
            self._outbox.notice("the server is out of reach; ask again when it is back")

    def _found(self, text: str, state: StreamState) -> Member | None:
        """The one other member who is meant; else it is said who there is."""
        you = self._membership.you
        members = members_view(state, you).members
        found = named(text, members)
        if len(found) == 1 and found[0].member_id != you:
            return found[0]
        others = ", ".join(
            f"{number} {member.name}"
            for number, member in enumerate(members, 1)
            if member.member_id != you
        )
        if len(found) > 1:
            message = f"{len(found)} here are called {text!r}"
        elif found:
            message = "that is you"
        else:
            message = f"there is no {text!r} here"
        remedy = f"name another, or give the number: {others}" if others else ""
        self._outbox.error("not_found", message, remedy, field="member")
        return None

    # What is heard ----------------------------------------------------------------------

    def invited(self, invited: Invited) -> None:
        """There is an invite to hand on."""
        state = self._membership.state
        if state is None:
            return
        self._outbox.emit(
            InviteView(
                invite=self._membership.invite(state.stream_id, invited.invite_token),
                expires_ms=invited.expires_ms,
                uses=invited.uses,
                asked=bool(invited.event_id),
            )
        )

    def role_changed(self, role: Role, name: str) -> None:
        """This seat hosts from now on, or no longer; ``name`` made himself host."""
        host = self._membership.host or name
        # What its player is held at waits for an answer that does not come any more.
        self._outbox.add(ReleasePlayer())
        self._outbox.emit(RoleView(role=role, host=host))
        hosts = f"{host} hosts" if host else "nobody hosts"
        text = "you host now" if role == "host" else f"View Only: {hosts} now"
        self._outbox.add(ShowText(text))
        self._schedule.soon()


def named(text: str, members: tuple[Member, ...]) -> list[Member]:
    """Whom ``text`` may mean: an id, a name, a number from 1, or the beginning of names."""
    text = text.strip()
    wanted = text.casefold()
    for found in (
        [m for m in members if m.member_id == text],
        [m for m in members if m.name.casefold() == wanted],
        [m for number, m in enumerate(members, 1) if str(number) == text],
        [m for m in members if m.name.casefold().startswith(wanted)],
    ):
        if found:
            return found
    return []
