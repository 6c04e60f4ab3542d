"""A stand-in, on loopback, of the services that imagery comes from; see docs/standin.md."""

from tests.standin import faults
from tests.standin.account import ACCOUNT, StandinAccount
from tests.standin.faults import Fault
from tests.standin.log import Call
from tests.standin.server import Standin

__all__ = ["ACCOUNT", "Call", "Fault", "Standin", "StandinAccount", "faults"]
