"""What ``matinee`` makes of the environment that it is started in."""

from __future__ import annotations

from tui.cli.process import set_up_process


def test_a_folder_that_is_no_whole_path_is_not_named_at_all() -> None:
    environment = {
        "HOME": "",
        "XDG_DATA_HOME": "data",
        "XDG_STATE_HOME": "/state",
        "PYTHONIOENCODING": "utf-16",
        "PATH": "/bin",
    }
    set_up_process(environment)
    assert environment == {"XDG_STATE_HOME": "/state", "PATH": "/bin"}
