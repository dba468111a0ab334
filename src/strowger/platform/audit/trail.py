"""What the console's pages leave in the audit log: one entry for each changing request."""

from __future__ import annotations

from typing import Any

from strowger.console.respond import AnyRequest, context_of
from strowger.console.trail import Act, register_trail
from strowger.console.visits import find_visitor
from strowger.platform.accounts import repository as accounts
from strowger.platform.audit.service import SECRET, Actor, Deed, record, shown


async def _record_page(request: AnyRequest, act: Act) -> None:
    """What the page decorators call after each changing request."""
    context = context_of(request)
    acting = request.scope.get("state", {}).get("acting")
    visitor = None if acting else await find_visitor(request)
    if acting:
        actor = Actor(*acting)
    elif visitor:
        actor = Actor(visitor.account_id, visitor.user_id, visitor.email, visitor.role)
    else:
        async with context.database.session() as session:
            operator = await accounts.operator_account(session)
        if operator is None:
            return
        actor = Actor(operator, None, "nobody signed in", "")
    fields: dict[str, Any] = {}
    form = await request.form()
    for name in form:
        values = [v if isinstance(v, str) else f"file {getattr(v, 'filename', '')}" for v in form.getall(name)]
        fields[name] = values[0] if len(values) == 1 else values
    path = request.url.path
    for name, value in request.path_params.items():
        if SECRET.search(name):  # a mailed link's token is no text for a log
            path = path.replace(str(value), f"{{{name}}}")
    agent = request.headers.get("user-agent", "")
    ip = request.client.host if request.client else None
    always = act.status < 400 and (visitor is not None or acting is not None)
    await record(context, actor, Deed(act.id, act.action, path, act.status, ip, agent, shown(fields)), always)


register_trail(_record_page)
