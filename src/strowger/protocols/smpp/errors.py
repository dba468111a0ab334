"""The one error of this package."""

from strowger.protocols.smpp.status import ESME_RUNKNOWNERR, status_info


class SmppError(ValueError):
    """Octets or values that do not form a command of SMPP 3.4.

    `command_status` and `sequence_number` are what an answer to the peer carries; `field` and `position` say where
    the fault is (position -1: nowhere in particular).
    """

    def __init__(
        self,
        reason: str,
        command_status: int = ESME_RUNKNOWNERR,
        sequence_number: int = 0,
        *,
        field: str = "",
        position: int = -1,
    ) -> None:
        self.reason = reason
        self.command_status = command_status
        self.sequence_number = sequence_number
        self.field = field
        self.position = position
        place = f" in {field}" if field else ""
        place += f" at octet {position}" if position >= 0 else ""
        super().__init__(f"{status_info(command_status).name}: {reason}{place}")
