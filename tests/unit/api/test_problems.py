"""What is said of a question that was stopped."""

from api.problems import of_error
from hearthwatch.errors import StoreLocked
from hearthwatch.store.patience import TOO_LONG, TookTooLong


def test_who_asked_too_much_is_told_to_ask_for_less_and_not_that_others_write() -> None:
    stopped, locked = of_error(TookTooLong(TOO_LONG)), of_error(StoreLocked("held by 17"))
    assert (stopped.status, stopped.code) == (locked.status, locked.code) == (503, "store_locked")
    assert "Ask for less" in stopped.detail
    assert "17" not in locked.detail
    assert "written by another process" in locked.detail
