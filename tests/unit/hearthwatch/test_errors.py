import inspect
import pickle

import pytest

from hearthwatch import errors
from hearthwatch.errors import HearthwatchError

ALL = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, HearthwatchError)
]


def test_the_tree_is_the_one_that_callers_rely_on():
    assert {kind.__name__ for kind in ALL} == {
        "HearthwatchError",
        "IdentityError",
        "SettingsError",
        "RegionError",
        "CatalogueError",
        "StoreError",
        "StoreLocked",
        "QuestionError",
        "ServerError",
        "DiskFull",
        "NotFound",
        "DigestMismatch",
        "BudgetError",
        "EventError",
        "LookFirst",
        "AccessError",
        "AlertConflict",
        "AlertError",
        "AccessBusy",
        "AuditError",
        "BackupError",
        "EarlierLayout",
        "ReleaseError",
    }


def test_each_kind_of_trouble_has_its_own_code_and_exit_status():
    assert len({kind.code for kind in ALL}) == len(ALL)
    assert len({kind.exit_status for kind in ALL}) == len(ALL)
    # 0 is success, 2 is wrong usage, 126 and up belong to the shell.
    assert all(0 < kind.exit_status < 126 and kind.exit_status != 2 for kind in ALL)


@pytest.mark.parametrize("kind", ALL)
def test_an_error_arrives_whole_from_another_process(kind):
    error = pickle.loads(pickle.dumps(kind("Say what to do.")))
    assert type(error) is kind
    assert error.message == str(error) == "Say what to do."


@pytest.mark.parametrize("kind", ALL)
def test_each_kind_says_in_one_line_what_it_means(kind):
    assert kind.__doc__.splitlines()[0].endswith(".")


def test_whoever_handles_store_trouble_handles_a_locked_store():
    assert issubclass(errors.StoreLocked, errors.StoreError)
