"""Errors in words of our own come without a traceback, all others with one."""

import numpy as np

from dbar.stream import Session
from dbar.stream.refusals import is_refusal
from given_models import watching


def raised(call):
    try:
        call()
    except Exception as error:
        # as from C++: the frame of this test is not part of it
        return error.with_traceback(error.__traceback__.tb_next.tb_next)
    raise AssertionError("nothing was raised")


def test_what_the_user_has_mistyped():
    assert is_refusal(raised(lambda: Session(watching(observe=["hcp"]))))
    assert is_refusal(raised(lambda: Session(watching(model="none.h5", observe=["pe"]))))


def test_a_fault_of_the_package_or_of_a_library_or_of_the_users_code(tmp_path, monkeypatch):
    (tmp_path / "looks_badly.py").write_text("def look(step):\n    raise ValueError('mine')\n")
    monkeypatch.chdir(tmp_path)
    session = Session(watching(python="looks_badly:look"))
    row = 10, 0.5, np.ones(session.settings["size"]), None, np.ones(2)
    assert not is_refusal(raised(lambda: session.observe(*row)))
    assert not is_refusal(raised(lambda: np.linalg.inv(np.zeros((2, 2)))))
