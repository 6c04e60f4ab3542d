"""Which code is running, and whether it is one whole installation.

Four of the five packages have everyday names, so another project on the path
can stand in front of one of ours. Every process checks this before it works.
"""

import importlib.util
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path

from hearthwatch.errors import DigestMismatch, IdentityError

PACKAGES = ("imagery", "detectors", "tiles", "api", "hearthwatch")
"""The packages that make up one installation."""

SCIENCE = ("imagery", "detectors", "tiles")
"""The packages that make numbers of pixels."""

LIBRARIES = (
    "dask",
    "distributed",
    "numba",
    "numpy",
    "odc-geo",
    "pyproj",
    "rasterio",
    "scikit-image",
    "scipy",
    "shapely",
    "sqlalchemy",
    "xarray",
)
"""Distributions whose version can change a result."""

_DIGESTED_SUFFIXES = frozenset({".csv", ".ini", ".json", ".mako", ".py", ".sql", ".toml", ".yaml"})
_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules"})
_MEASURED = Path("hearthwatch", "accuracy", "figures")
"""Figures that a wheel has and a source tree keeps elsewhere. They say which code they were
measured with: counted as code, they could never say it of themselves."""
_REINSTALL = "Install hearthwatch again in an environment of its own."


@dataclass(frozen=True, slots=True)
class Identity:
    """What ran: one installation and the libraries under it.

    Attributes
    ----------
    root : Path
        Folder that holds all five packages.
    digest : str
        SHA-256 of their code, 64 hexadecimal digits.
    version : str
        Version of hearthwatch, ``"unknown"`` for a bare source tree.
    python : str
        Version of the interpreter.
    packages : dict of str to str
        Installed version of each library in `LIBRARIES`; absent ones are left out.
    """

    root: Path
    digest: str
    version: str
    python: str
    packages: dict[str, str] = field(hash=False)


def check_identity(expected_digest: str | None = None) -> Identity:
    """Make sure that the five packages are one installation, and describe it.

    Imports none of the packages it looks for.

    Parameters
    ----------
    expected_digest : str, optional
        Digest of the process that started this one, if there is one.

    Returns
    -------
    Identity
        The installation.

    Raises
    ------
    IdentityError
        A package is missing or comes from another folder than the rest.
    DigestMismatch
        This installation's code differs from `expected_digest`.
    """
    root = _common_root()
    digest = code_digest()
    if expected_digest is not None and digest != expected_digest:
        raise DigestMismatch(
            f"The code in {root} has the digest {digest[:12]}, but the process that gave the work "
            f"has {expected_digest[:12]}. Install the same version of hearthwatch in both places."
        )
    return Identity(
        root=root,
        digest=digest,
        version=_installed_version("hearthwatch") or "unknown",
        python=platform.python_version(),
        packages={name: found for name in LIBRARIES if (found := _installed_version(name))},
    )


@cache
def code_digest() -> str:
    """Return the SHA-256 of the code of all five packages.

    A source tree and the wheel built from it have the same digest.

    Returns
    -------
    str
        64 hexadecimal digits. Computed once in a process.

    Raises
    ------
    IdentityError
        The five packages do not come from one folder.

    Notes
    -----
    The digest runs over the files in the order of their paths relative to the
    common root. Each one adds its path in UTF-8, a zero byte, the length of its
    content as eight big-endian bytes, and the content. Measured figures that a wheel carries
    along are no code.
    """
    return digest_of(_common_root())


@cache
def science_digest() -> str:
    """Return the SHA-256 of the code that makes numbers of pixels, its constants among it.

    What is calibrated is bound to it: a change of the API or the page touches no threshold.

    Returns
    -------
    str
        64 hexadecimal digits. Computed once in a process.

    Raises
    ------
    IdentityError
        The five packages do not come from one folder.
    """
    return digest_of(_common_root(), SCIENCE)


def digest_of(root: Path, packages: Sequence[str] = PACKAGES) -> str:
    """Return the digest that `code_digest` would give for packages under `root`.

    Parameters
    ----------
    root : Path
        Folder that holds the five packages.
    packages : sequence of str
        Those whose code is digested.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    total = sha256()
    files = (
        path
        for package in packages
        for path in _code_files(root / package)
        if not (path.parent == root / _MEASURED and path.suffix == ".json")
    )
    for name, path in sorted((path.relative_to(root).as_posix(), path) for path in files):
        content = path.read_bytes()
        total.update(name.encode() + b"\0" + len(content).to_bytes(8, "big"))
        total.update(content)
    return total.hexdigest()


def gdal_version() -> str:
    """Return the version of the GDAL that reads rasters here.

    Kept apart from `Identity` because it has to import rasterio.

    Returns
    -------
    str
        For example ``"3.10.3"``.
    """
    import rasterio

    return str(rasterio.__gdal_version__)


def _code_files(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name not in _SKIPPED_FOLDERS:
                yield from _code_files(entry)
        elif entry.suffix in _DIGESTED_SUFFIXES:
            yield entry


def _common_root() -> Path:
    roots = {name: _root_of(name) for name in PACKAGES}
    ours = roots["hearthwatch"]
    strangers = {name: root for name, root in roots.items() if root != ours}
    if strangers:
        listed = ", ".join(f"{name} from {root}" for name, root in strangers.items())
        raise IdentityError(
            f"hearthwatch runs from {ours}, but Python finds {listed}: another project's package "
            f"of that name stands in front of ours. {_REINSTALL}"
        )
    return ours


def _root_of(package: str) -> Path:
    module = sys.modules.get(package)
    spec = module.__spec__ if module is not None else importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise IdentityError(
            f"Python finds no package {package}, which is part of hearthwatch. {_REINSTALL}"
        )
    return Path(spec.origin).resolve().parent.parent


def _installed_version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
