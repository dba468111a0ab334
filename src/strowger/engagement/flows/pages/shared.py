"""What the pages of flows share."""

from __future__ import annotations

from litestar.exceptions import NotFoundException

from strowger.console.pages import AnyRequest, Crumb, Visitor, context_of
from strowger.engagement.flows import service
from strowger.engagement.flows.schemas import Flow

LIST, LOGS = "/flows", "/flows/logs"
READ, WRITE = "campaigns.read", "campaigns.write"
CRUMB = Crumb("Flows", LIST)


async def found(request: AnyRequest, visitor: Visitor, flow_id: int) -> Flow:
    """A flow of the visitor's account. Raises NotFoundException."""
    flow = await service.find(context_of(request), visitor.account_id, flow_id)
    if flow is None:
        raise NotFoundException
    return flow


def crumbs(flow: Flow) -> list[Crumb]:
    """The way to a page of a flow."""
    return [CRUMB, Crumb(flow.name, flow.path)]


def tabs(flow: Flow, current: str) -> list[tuple[str, str, bool]]:
    """The pages of a flow."""
    found = (("Widgets", flow.path), ("Revisions", f"{flow.path}/revisions"), ("Logs", f"{LOGS}?flow_id={flow.id}"))
    return [(label, path, label == current) for label, path in found]
