"""Whether a folder lies on an encrypted device, as far as the kernel tells."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_POLICY_OF = 0xC0096616  # FS_IOC_GET_ENCRYPTION_POLICY_EX of <linux/fscrypt.h>
_POLICY_BYTES = 24
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_ENCRYPTING = frozenset({"ecryptfs", "fuse.gocryptfs", "fuse.encfs", "fuse.cryfs"})


class Kept(StrEnum):
    """How a folder is kept."""

    ENCRYPTED = "encrypted"
    PLAIN = "plain"
    MEMORY = "memory"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Encryption:
    """What is known of a folder.

    Attributes
    ----------
    why : str
        By what it is known, or why not.
    """

    kept: Kept
    why: str


@dataclass(frozen=True, slots=True)
class _Mount:
    point: Path
    device: str
    kind: str
    source: str


def has_policy(folder: Path) -> bool:
    """Tell whether the file system encrypts a folder by itself (fscrypt)."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        asked = bytearray(struct.pack("Q", _POLICY_BYTES) + bytes(_POLICY_BYTES))
        fcntl.ioctl(held, _POLICY_OF, asked)
        return True
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL):
            return False
        raise
    finally:
        os.close(held)


def of_folder(
    folder: Path, root: Path = Path("/"), policy: Callable[[Path], bool] = has_policy
) -> Encryption:
    """Return how a folder is kept.

    Parameters
    ----------
    folder : Path
        It is there.
    root : Path
        Where ``proc`` and ``sys`` are.
    policy : callable
        Tells whether the file system encrypts a folder by itself.
    """
    folder = folder.resolve()
    try:
        if policy(folder):
            return Encryption(Kept.ENCRYPTED, "the folder has a policy of fscrypt")
        mount = _mount_of(folder, root)
    except (OSError, ValueError, IndexError) as error:
        return Encryption(Kept.UNKNOWN, f"the system does not tell ({type(error).__name__})")
    if mount is None:
        return Encryption(Kept.UNKNOWN, "no mount is listed for it")
    if mount.kind in _IN_MEMORY:
        return Encryption(Kept.MEMORY, f"it is in memory ({mount.kind})")
    if mount.kind in _ENCRYPTING:
        return Encryption(Kept.ENCRYPTED, f"the file system is {mount.kind}")
    block = _block(mount, root)
    if block is None:
        return Encryption(Kept.UNKNOWN, f"of {mount.kind} no device of this machine is known")
    return _of_devices(block)


def _of_devices(block: Path) -> Encryption:
    """Return how a device keeps things; of several below it every one has to be encrypted."""
    found = [_of_device(one) for one in _lowest(block)]
    for kept in (Kept.PLAIN, Kept.UNKNOWN):
        for one in found:
            if one.kept is kept:
                return one
    return found[0]


def _lowest(block: Path) -> Iterator[Path]:
    """Yield the devices that others are made of, no further down than to an encrypted one."""
    below = block / "slaves"
    slaves = sorted(below.iterdir()) if below.is_dir() else []
    if _is_crypt(block) or not slaves:
        yield block
        return
    for one in slaves:
        yield from _lowest(one.resolve())


def _of_device(block: Path) -> Encryption:
    name = block.resolve().name
    if _is_crypt(block):
        return Encryption(Kept.ENCRYPTED, f"the device {name} is one of dm-crypt")
    if (block / "loop").is_dir():
        return Encryption(Kept.UNKNOWN, f"{name} is a file on another file system")
    return Encryption(Kept.PLAIN, f"nothing encrypts the device {name}")


def _is_crypt(block: Path) -> bool:
    try:
        return (block / "dm" / "uuid").read_text().startswith("CRYPT-")
    except OSError:
        return False


def _block(mount: _Mount, root: Path) -> Path | None:
    """Return the folder of sysfs about a mount's device."""
    named = root / "sys/dev/block" / mount.device
    if named.exists():
        return named.resolve()
    # Some file systems have a number of their own (btrfs); what they were mounted from is listed.
    if mount.source.startswith("/dev/"):
        device = (root / mount.source.lstrip("/")).resolve().name
        by_name = root / "sys/class/block" / device
        return by_name.resolve() if by_name.exists() else None
    return None


def _mount_of(folder: Path, root: Path) -> _Mount | None:
    """Return the mount that a folder lies on: the last one of the longest that hold it."""
    found: _Mount | None = None
    for line in (root / "proc/self/mountinfo").read_text().splitlines():
        first, _, second = line.partition(" - ")
        words, kind_and_source = first.split(" "), second.split(" ")
        mount = _Mount(
            Path(_plain(words[4])), words[2], kind_and_source[0], _plain(kind_and_source[1])
        )
        if folder.is_relative_to(mount.point) and (
            found is None or len(mount.point.parts) >= len(found.point.parts)
        ):
            found = mount
    return found


def _plain(word: str) -> str:
    for octal, letter in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        word = word.replace(octal, letter)
    return word
