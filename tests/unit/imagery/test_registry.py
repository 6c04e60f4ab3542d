import pytest

from imagery.providers.folder import FolderProvider
from imagery.registry import create_provider, provider_names
from imagery.types import ImageryProvider


def test_the_folder_provider_is_installed_and_made_by_name(tmp_path):
    assert "folder" in provider_names()
    assert list(provider_names()) == sorted(provider_names())
    made = create_provider("folder", path=tmp_path / "nowhere")
    assert isinstance(made, FolderProvider) and isinstance(made, ImageryProvider)


def test_a_wrong_name_is_answered_with_the_right_ones():
    with pytest.raises(LookupError, match=r"'flder'.*folder"):
        create_provider("flder")
