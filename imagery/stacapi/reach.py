"""From what a catalogue lists of a scene to its files, and who may be asked for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from imagery.errors import Permanent
from imagery.net.types import Deadline, Request
from imagery.stacapi.files import RemoteFile
from imagery.stacapi.pages import Sender, origin
from imagery.stacapi.signing import Signer
from imagery.types import Asset, Scene


@dataclass(slots=True)
class Reach:
    """What one process holds open of a catalogue; never pickled.

    Attributes
    ----------
    origins : tuple of str
        Where files may lie.
    private : frozenset of str
        Of those, where they are for bearers of the account's token; nobody else is shown it.
    offsets : dict of str to float
        Offsets told by pixels, by the digest of the item.
    """

    sender: Sender
    origins: tuple[str, ...]
    signer: Signer | None = None
    private: frozenset[str] = frozenset()
    offsets: dict[str, float] = field(default_factory=dict)

    def file(self, scene: Scene, asset: Asset, deadline: Deadline) -> RemoteFile:
        """Return the remote file of one asset.

        Raises
        ------
        Permanent
            If it is not on the web, or not where files may be read from.
        """
        split = urlsplit(asset.href)
        if split.scheme == "s3":
            raise Permanent(
                f"{asset.band} of {scene.id} lies in a bucket, s3://{split.netloc}, which needs "
                "keys of its own; use a catalogue whose files are on the web, or download the "
                "product and read it as a folder"
            )
        place = origin(asset.href)
        if place not in self.origins:
            raise Permanent(
                f"{asset.band} of {scene.id} lies at {place}, which is not among the file origins "
                "of this provider: add it if you trust it"
            )

        def address(anew: bool) -> Request:
            return self._request(asset.href, scene.collection, deadline, anew)

        shown = split._replace(query="", fragment="").geturl()
        return RemoteFile(shown, PurePosixPath(split.path).name, address, asset.sha256)

    def _request(self, href: str, collection: str, deadline: Deadline, anew: bool) -> Request:
        if self.signer is None:
            authorised = origin(href) in self.private
            return Request(
                "GET", href, authorised=authorised, private_url=bool(urlsplit(href).query)
            )
        return self.signer.request(self.sender, href, collection, deadline, anew)
