"""Whether a folder is encrypted, told from a made-up /proc and /sys."""

from __future__ import annotations

from pathlib import Path

import pytest

from hearthwatch.operation.encryption import Kept, has_policy, of_folder


class Machine:
    """A root folder with devices and mounts."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.mounts: list[str] = []
        (root / "proc/self").mkdir(parents=True)
        for folder in ("sys/dev/block", "sys/class/block", "sys/devices"):
            (root / folder).mkdir(parents=True)
        self.folder = root / "srv/hearthwatch"
        self.folder.mkdir(parents=True)

    def device(
        self, name: str, number: str, *below: str, uuid: str = "", loop: bool = False
    ) -> None:
        """Add a device, made of others."""
        at = self.root / "sys/devices" / name
        (at / "slaves").mkdir(parents=True)
        for one in below:
            (at / "slaves" / one).symlink_to(self.root / "sys/devices" / one)
        if uuid:
            (at / "dm").mkdir()
            (at / "dm" / "uuid").write_text(f"{uuid}\n")
        if loop:
            (at / "loop").mkdir()
        (self.root / "sys/dev/block" / number).symlink_to(at)
        (self.root / "sys/class/block" / name).symlink_to(at)

    def mount(self, point: Path, number: str, kind: str = "ext4", source: str = "/dev/x") -> None:
        where = str(point).replace(" ", "\\040")
        self.mounts.append(f"36 35 {number} / {where} rw,noatime shared:1 - {kind} {source} rw")
        (self.root / "proc/self/mountinfo").write_text("\n".join(self.mounts) + "\n")

    def told(self, folder: Path | None = None) -> Kept:
        return of_folder(folder or self.folder, self.root, lambda _: False).kept


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path.resolve())


def test_a_partition_is_plain(machine: Machine) -> None:
    machine.device("sda2", "8:2")
    machine.mount(Path("/"), "8:2")
    told = of_folder(machine.folder, machine.root, lambda _: False)
    assert (told.kept, told.why) == (Kept.PLAIN, "nothing encrypts the device sda2")


def test_luks_is_encrypted_below_lvm_too(machine: Machine) -> None:
    machine.device("sda3", "8:3")
    machine.device("dm-0", "254:0", "sda3", uuid="CRYPT-LUKS2-0123-luks")
    machine.device("dm-1", "254:1", "dm-0", uuid="LVM-abc")
    for number in ("254:0", "254:1"):
        machine.mount(Path("/"), number)
        assert machine.told() is Kept.ENCRYPTED


def test_one_plain_disk_of_two_is_enough_to_be_plain(machine: Machine) -> None:
    machine.device("sda3", "8:3")
    machine.device("sdb3", "8:19")
    machine.device("dm-0", "254:0", "sda3", uuid="CRYPT-LUKS2-0123-luks")
    machine.device("dm-1", "254:1", "dm-0", "sdb3", uuid="LVM-abc")
    machine.mount(Path("/"), "254:1")
    assert machine.told() is Kept.PLAIN


def test_the_nearest_mount_counts_and_of_two_in_one_place_the_later(machine: Machine) -> None:
    machine.device("sda2", "8:2")
    machine.device("dm-0", "254:0", uuid="CRYPT-LUKS2-0123-luks")
    machine.mount(Path("/"), "8:2")
    machine.mount(machine.folder.parent, "254:0")
    assert machine.told() is Kept.ENCRYPTED
    assert machine.told(machine.root) is Kept.PLAIN
    machine.mount(machine.folder.parent, "8:2")
    assert machine.told() is Kept.PLAIN


def test_a_name_that_begins_the_same_is_another_mount(machine: Machine) -> None:
    machine.device("sda2", "8:2")
    machine.device("dm-0", "254:0", uuid="CRYPT-LUKS2-0123-luks")
    machine.mount(Path("/"), "8:2")
    machine.mount(machine.folder.with_name("hearth"), "254:0")
    assert machine.told() is Kept.PLAIN


def test_a_mount_with_a_blank_in_its_name_is_found(machine: Machine) -> None:
    folder = machine.root / "my disk" / "var"
    folder.mkdir(parents=True)
    machine.device("sda2", "8:2")
    machine.device("dm-0", "254:0", uuid="CRYPT-LUKS2-0123-luks")
    machine.mount(Path("/"), "8:2")
    machine.mount(folder.parent, "254:0")
    assert machine.told(folder) is Kept.ENCRYPTED


@pytest.mark.parametrize(
    ("kind", "source", "kept"),
    [
        ("tmpfs", "tmpfs", Kept.MEMORY),
        ("fuse.gocryptfs", "gocryptfs", Kept.ENCRYPTED),
        ("nfs4", "server:/export", Kept.UNKNOWN),
        ("overlay", "overlay", Kept.UNKNOWN),
        ("zfs", "tank/data", Kept.UNKNOWN),
    ],
)
def test_what_is_no_device_of_this_machine_is_not_guessed_at(
    machine: Machine, kind: str, source: str, kept: Kept
) -> None:
    machine.mount(Path("/"), "0:45", kind, source)
    assert machine.told() is kept


def test_a_file_system_with_numbers_of_its_own_is_known_by_what_it_was_mounted_from(
    machine: Machine,
) -> None:
    machine.device("dm-0", "254:0", uuid="CRYPT-LUKS2-0123-luks")
    (machine.root / "dev/mapper").mkdir(parents=True)
    (machine.root / "dev/dm-0").touch()
    (machine.root / "dev/mapper/home").symlink_to(machine.root / "dev/dm-0")
    machine.mount(Path("/"), "0:33", "btrfs", "/dev/mapper/home")
    assert machine.told() is Kept.ENCRYPTED


def test_a_file_that_is_mounted_is_unknown(machine: Machine) -> None:
    machine.device("loop0", "7:0", loop=True)
    machine.mount(Path("/"), "7:0")
    assert machine.told() is Kept.UNKNOWN


def test_a_policy_of_the_folder_itself_is_enough(machine: Machine) -> None:
    machine.device("sda2", "8:2")
    machine.mount(Path("/"), "8:2")
    assert of_folder(machine.folder, machine.root, lambda _: True).kept is Kept.ENCRYPTED


@pytest.mark.parametrize("content", [None, "", "nonsense"])
def test_a_system_that_tells_nothing_leaves_it_unknown(
    machine: Machine, content: str | None
) -> None:
    if content is not None:
        (machine.root / "proc/self/mountinfo").write_text(content)
    told = machine.folder and of_folder(machine.folder, machine.root, lambda _: False)
    assert told.kept is Kept.UNKNOWN


def test_this_machine_answers(tmp_path: Path) -> None:
    assert has_policy(tmp_path) in (True, False)
    assert of_folder(tmp_path).kept in Kept
