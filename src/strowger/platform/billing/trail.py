"""What others do to an account's money stands in that account's own audit log, too: the operator, a payment service, the clock.

What is noted goes by ``audit.service.note``, in one of these roles. The operator's pages leave an entry in the operator's log by
themselves; the customer sees that one no more than other customers do.
"""

from __future__ import annotations

OPERATOR, SERVICE, CLOCK = "operator", "payment service", "installation"
