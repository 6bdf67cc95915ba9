"""What the look and the player say of themselves."""

from __future__ import annotations

from player.request_headers import USER_AGENT, RequestHeaders, headers_of


def test_a_persons_options_for_mpv_count_for_the_look_too() -> None:
    headers = headers_of(
        (
            ("referrer", "http://site.example/"),
            ("--user_agent", "Mine"),
            ("http-header-fields", r"A: 1,B: x\,y,broken"),
            ("http-header-fields-append", "C: 2,3"),
            ("http-header-fields-add", "D: 4"),
            ("vo", "null"),
        )
    )
    assert headers.as_mapping() == {
        **{"User-Agent": "Mine", "Referer": "http://site.example/"},
        **{"A": "1", "B": "x,y", "C": "2,3", "D": "4"},
    }


def test_without_options_there_is_a_user_agent_and_no_more() -> None:
    assert headers_of(()) == RequestHeaders()
    assert RequestHeaders().as_mapping() == {"User-Agent": USER_AGENT}


def test_a_field_that_would_smuggle_another_is_left_out() -> None:
    assert headers_of([("http-header-fields", "A: 1\r\nB: 2")]).fields == ()


def test_what_would_end_a_line_is_left_out_of_a_value_and_a_name_that_is_none_with_it() -> None:
    headers = headers_of((("referrer", "http://a/\r\nB: 2"), ("user-agent", "M\x00ine")))
    assert headers.as_mapping() == {"User-Agent": "Mine", "Referer": "http://a/B: 2"}
    assert headers_of([("http-header-fields", "a b: 1,é: 2")]).fields == ()
