"""Products as they are downloaded: a folder, or the same packed into one zip file."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from imagery.errors import IntegrityError

INSIDE = "!/"
"""Between a zip file and what lies in it."""


@dataclass(frozen=True, slots=True)
class Product:
    """The files of one product.

    Attributes
    ----------
    name : str
        Of its folder: ``S2B_MSIL2A_....SAFE``.
    place : Path
        The folder, or the zip file.
    """

    name: str
    place: Path

    def files(self) -> tuple[Path, ...]:
        """Return the files on disk whose change is a change of the product."""
        if self.place.is_file():
            return (self.place,)
        return tuple(sorted(path for path in self.place.rglob("*") if path.is_file()))

    def members(self) -> tuple[PurePosixPath, ...]:
        """Return the paths of all its files, relative to its folder, sorted.

        Raises
        ------
        IntegrityError
            If it is packed and cannot be unpacked.
        """
        if not self.place.is_file():
            return tuple(
                PurePosixPath(path.relative_to(self.place).as_posix()) for path in self.files()
            )
        with _opened(self.place) as packed:
            names = (PurePosixPath(name) for name in packed.namelist() if not name.endswith("/"))
            inside = [one.relative_to(self.name) for one in names if one.parts[0] == self.name]
        # A path that leads out of the file is none of the product's.
        return tuple(sorted(one for one in inside if ".." not in one.parts))

    def href(self, member: PurePosixPath) -> str:
        """Return where a member is read."""
        if self.place.is_file():
            return f"{self.place}{INSIDE}{self.name}/{member}"
        return str(self.place / member)

    def read(self, member: str, most_bytes: int) -> bytes:
        """Return the bytes of a member.

        Raises
        ------
        IntegrityError
            If it is not there, is larger than `most_bytes`, or cannot be read.
        """
        try:
            if self.place.is_file():
                with _opened(self.place) as packed:
                    info = packed.getinfo(f"{self.name}/{member}")
                    # What the file says of its size need not be so.
                    with packed.open(info) as handle:
                        data = handle.read(most_bytes + 1)
            else:
                with (self.place / member).open("rb") as handle:
                    data = handle.read(most_bytes + 1)
        except (OSError, KeyError, zipfile.BadZipFile, RuntimeError, EOFError) as error:
            raise IntegrityError(f"{self.name}: {member} cannot be read: {error}") from error
        if len(data) > most_bytes:
            raise IntegrityError(f"{self.name}: {member} is too large")
        return data


def packed_product(path: Path) -> Product | None:
    """Return the product in a zip file, or None where it holds none or several."""
    try:
        with _opened(path) as packed:
            tops = {PurePosixPath(name).parts[0] for name in packed.namelist()}
    except IntegrityError:
        return None
    names = [top for top in tops if top.endswith(".SAFE")]
    return Product(names[0], path) if len(names) == 1 else None


def vsi_path(path: Path, member: str) -> str:
    """Return how GDAL names a member of a zip file."""
    return f"/vsizip/{{{path}}}/{member}"


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise IntegrityError(f"{path.name} cannot be unpacked: {error}") from error
