"""Items: what a connection through the dialer belongs to, written into its credentials.

Whoever connects shows a name that says item and rules, and a signature of it as password, so
that the dialer keeps no table of items and a child that is started anew knows them all.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

import msgspec

from protocol.media.url_policy import UrlPolicy

_USER: Final = re.compile(r"([0-9]{1,12})-([a-z]{1,8})")


class Item(msgspec.Struct, frozen=True):
    """One film, or one look at an address."""

    number: int
    rules: UrlPolicy = UrlPolicy()
    for_player: bool = False
    """A player connects: it is held while the network is away, and told what it understands."""


def user_of(item: Item) -> str:
    """The name under which an item's connections are made."""
    flags = (("h", item.rules.allow_http), ("l", item.rules.allow_lan), ("p", item.for_player))
    return f"{item.number}-x" + "".join(flag for flag, is_set in flags if is_set)


def password_of(secret: str, user: str) -> str:
    """What only who knows the secret can say with that name."""
    return hmac.new(secret.encode(), user.encode(), hashlib.sha256).hexdigest()[:32]


def item_of(secret: str, user: str, password: str) -> Item | None:
    """The item behind a name; None when the name or the password is made up."""
    if not hmac.compare_digest(password_of(secret, user).encode(), password.encode()):
        return None
    found = _USER.fullmatch(user)
    if found is None:
        return None
    rules = UrlPolicy(allow_http="h" in found[2], allow_lan="l" in found[2])
    return Item(int(found[1]), rules, for_player="p" in found[2])
