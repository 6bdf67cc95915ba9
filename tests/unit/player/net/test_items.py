"""What a connection through the dialer belongs to."""

from __future__ import annotations

import pytest

from player.net.items import Item, item_of, password_of, user_of
from protocol.media.url_policy import UrlPolicy

SECRET = "a secret"


@pytest.mark.parametrize("rules", [UrlPolicy(a, b) for a in (True, False) for b in (True, False)])
@pytest.mark.parametrize("for_player", [True, False])
def test_an_item_is_read_back_from_its_credentials(rules: UrlPolicy, for_player: bool) -> None:
    item = Item(17, rules, for_player)
    user = user_of(item)
    assert item_of(SECRET, user, password_of(SECRET, user)) == item


def test_nobody_gives_himself_other_rules() -> None:
    user = user_of(Item(17))
    password = password_of(SECRET, user)
    open_to_all = user_of(Item(17, UrlPolicy(True, True)))
    assert open_to_all != user
    assert item_of(SECRET, open_to_all, password) is None
    assert item_of("another secret", user, password) is None
    assert item_of(SECRET, user, "") is None
    assert item_of(SECRET, "ü", password_of(SECRET, "ü")) is None
