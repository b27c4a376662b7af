"""Where a checkout may lie."""

import pytest
from conftest import copy_of_scripts, run


@pytest.mark.parametrize("name", ["a:b", "a;b", "it's", "$HOME", "[a]", "a|b"])
def test_a_path_that_cannot_be_in_a_path_list_is_refused(tmp_path, name):
    folder = copy_of_scripts(tmp_path / name)
    result = run("scripts/setup.sh", folder)
    assert result.returncode == 1
    assert "segcap: expected a folder without : ; |" in result.stderr
    assert f"found '{folder}': move this checkout" in result.stderr


def test_make_knows_its_folder_when_there_is_a_space_in_it(tmp_path):
    folder = copy_of_scripts(tmp_path / "a robot")
    result = run("make --dry-run build", folder)
    assert result.returncode == 0, result.stderr
    assert f'source "{folder}/env.sh"; "{folder}/scripts/timed.sh"' in result.stdout
