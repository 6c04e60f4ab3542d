import hashlib
import os
import pickle
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from hearthwatch import identity
from hearthwatch.errors import DigestMismatch, IdentityError

ROOT = Path(__file__).resolve().parents[3]


def lay_out(root: Path, **extra: str) -> Path:
    for package in identity.PACKAGES:
        (root / package).mkdir(parents=True, exist_ok=True)
        (root / package / "__init__.py").write_text(f'"""{package}."""\n')
    for name, text in extra.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def in_a_process(code: str, *path: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=environment, capture_output=True, text=True
    )


def test_the_installation_under_test_is_one():
    found = identity.check_identity()
    assert found.root == ROOT
    assert found.digest == identity.code_digest()
    assert found.python == ".".join(map(str, sys.version_info[:3]))
    assert found.version == "0.1.0"
    assert {"numpy", "rasterio"} <= found.packages.keys()


def test_the_identity_can_travel_to_a_worker_and_serve_as_a_key():
    found = identity.check_identity()
    assert pickle.loads(pickle.dumps(found)) == found
    assert {found: 1}[identity.check_identity()] == 1


def test_the_digest_can_be_recomputed_from_its_description(tmp_path):
    lay_out(tmp_path, **{"tiles/grid.py": "SIZE = 10_240\n", "api/notes.md": "not code"})
    total = hashlib.sha256()
    code = [f"{package}/__init__.py" for package in identity.PACKAGES] + ["tiles/grid.py"]
    for name in sorted(code):
        content = (tmp_path / name).read_bytes()
        total.update(name.encode() + b"\0" + len(content).to_bytes(8, "big") + content)
    assert identity.digest_of(tmp_path) == total.hexdigest()


@pytest.mark.parametrize(
    "name", ["detectors/rule.py", "hearthwatch/store/newest.sql", "hearthwatch/store/script.mako"]
)
def test_a_change_of_anything_that_runs_changes_the_digest(tmp_path, name):
    before = identity.digest_of(lay_out(tmp_path, **{name: "1"}))
    (tmp_path / name).write_text("2")
    assert identity.digest_of(tmp_path) != before


def test_a_moved_file_changes_the_digest(tmp_path):
    before = identity.digest_of(lay_out(tmp_path, **{"tiles/a.py": "x = 1\n"}))
    (tmp_path / "tiles/a.py").rename(tmp_path / "tiles/b.py")
    assert identity.digest_of(tmp_path) != before


def test_what_running_and_building_leave_behind_does_not_change_the_digest(tmp_path):
    before = identity.digest_of(lay_out(tmp_path))
    lay_out(
        tmp_path,
        **{
            "tiles/__pycache__/grid.cpython-311.pyc": "bytecode",
            "tiles/__pycache__/left.py": "x = 1\n",
            "api/web/node_modules/left/pad.json": "{}",
            "tests/test_x.py": "x = 1\n",
        },
    )
    assert identity.digest_of(tmp_path) == before


def test_measured_figures_are_no_code_but_anything_else_beside_them_is(tmp_path):
    before = identity.digest_of(lay_out(tmp_path))
    # As a wheel has it; in a source tree the file lies elsewhere.
    lay_out(tmp_path, **{"hearthwatch/accuracy/figures/gates.json": "[]"})
    assert identity.digest_of(tmp_path) == before
    lay_out(tmp_path, **{"hearthwatch/accuracy/figures/rule.py": "x = 1\n"})
    assert identity.digest_of(tmp_path) != before


def test_a_strangers_package_in_front_of_ours_is_named_with_its_place(tmp_path):
    (tmp_path / "tiles").mkdir()
    (tmp_path / "tiles" / "__init__.py").write_text("raise SystemExit('imported')\n")
    code = (
        "from hearthwatch.errors import IdentityError\n"
        "from hearthwatch.identity import check_identity\n"
        "try:\n    check_identity()\n"
        "except IdentityError as error:\n    print(error)\n"
    )
    run = in_a_process(code, tmp_path, ROOT, cwd=tmp_path)
    assert f"tiles from {tmp_path}" in run.stdout, run.stderr
    assert str(ROOT) in run.stdout
    assert "Install hearthwatch again" in run.stdout


def test_a_folder_that_only_looks_like_a_package_does_not_pass(tmp_path, monkeypatch):
    lay_out(tmp_path)
    (tmp_path / "api" / "__init__.py").unlink()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "api", raising=False)
    with pytest.raises(IdentityError, match="no package api"):
        identity.check_identity()


def test_a_worker_with_other_code_is_refused():
    with pytest.raises(DigestMismatch, match=r"000000000000.*same version"):
        identity.check_identity("0" * 64)
    assert identity.check_identity(identity.code_digest()).root == ROOT


def test_the_check_is_quick_and_imports_no_other_package(tmp_path):
    code = (
        "import sys\nfrom hearthwatch.identity import check_identity\ncheck_identity()\n"
        "print(sorted({m.partition('.')[0] for m in sys.modules} & {'numpy', 'rasterio', "
        "'pydantic', 'imagery', 'detectors', 'tiles', 'api'}))\n"
    )
    assert in_a_process(code, ROOT, cwd=tmp_path).stdout.strip() == "[]"


def test_the_check_reads_every_file_of_code_once(monkeypatch):
    read = Counter()
    true_read = Path.read_bytes

    def count(self):
        read[self] += 1
        return true_read(self)

    monkeypatch.setattr(Path, "read_bytes", count)
    identity.code_digest.cache_clear()
    for _ in range(3):
        identity.check_identity()
    assert len(read) > 100
    assert set(read.values()) == {1}


def test_the_version_of_gdal_is_three_numbers():
    assert len([int(part) for part in identity.gdal_version().split(".")]) == 3
