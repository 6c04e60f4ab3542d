"""The five errors of the imagery seam: a provider raises these and nothing else."""


class ImageryError(Exception):
    """Base of everything an imagery provider may raise; never raised itself."""


class Transient(ImageryError):
    """It may work if tried again later: a time-out, a 5xx, a cut connection."""


class NotYet(ImageryError):
    """The scene is listed but its pixels are not there yet; ask again after a while."""


class QuotaExhausted(ImageryError):
    """The account's quota is spent; nothing will come before the reset."""


class Permanent(ImageryError):
    """Asking again gives the same answer: a missing band, a refused credential."""


class IntegrityError(ImageryError):
    """Something came, and it is not what was asked for: corrupt, cut, or altered."""
