"""Sending a batch: a node that cannot be sent gets an id and ends NOT-SENT; the others go (sms.md 3.7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from strowger.channels.sms import fields
from strowger.channels.sms.batches.nodes import Node, read_nodes, spread, trace_of
from strowger.channels.sms.link_texts import LinkTexts, wants_links
from strowger.channels.sms.message_templates.sending import find_template, find_templates, has_template, read_text
from strowger.channels.sms.schedule.times import read_due, zone_of
from strowger.channels.sms.schemas import Accepted, SendAnswer, encode
from strowger.channels.sms.send import (
    ACCEPTED,
    DEFAULTS,
    PRIORITIES,
    PROFILE,
    check_channel,
    format_moment,
    read_callback,
    read_options,
)
from strowger.channels.sms.senders.service import check_sender
from strowger.channels.sms.shortening import read_url_data
from strowger.foundation.errors import StrowgerError
from strowger.messaging.schemas import NewRequest, Priority, Variant
from strowger.platform.gateway.errors import entry_of
from strowger.platform.gateway.operations import Answer, Call
from strowger.platform.gateway.params import Params, as_text, scalar_text

MAX_REPORTED = 20
TOP_ONLY = frozenset({"sms", "to"})


class Composer:
    """Turns nodes into messages. What several nodes say alike is looked up once."""

    def __init__(self, call: Call, now: datetime, zone: ZoneInfo) -> None:
        self.call, self.now, self.zone = call, now, zone
        self.context = call.context
        self.links = LinkTexts(call, now)
        self.personal = False  # the last message has links, which may be its recipient's own
        self._senders: dict[str, StrowgerError | None] = {}
        self._callbacks: dict[str, tuple[dict[str, Any] | None, str | None]] = {}

    async def look_up(self, nodes: list[Node]) -> None:
        """Read the templates and short links of all nodes together, so that no node asks for its own."""
        given = {scalar_text(node.params["template_id"]) for node in nodes if node.params.get("template_id")}
        ids = {name for name in given if name and fields.TEMPLATE_ID.fullmatch(name)}
        if ids:
            await find_templates(self.context, self.call.principal, ids)
        await self.links.look_up(body for node in nodes if type(body := node.params.get("body")) is str)

    async def compose(self, params: Params, n: int, recipient: str) -> Variant:
        """The message of a node. Raises StrowgerError for what cannot be sent."""
        if not DEFAULTS.isdisjoint(self.call.principal.settings):
            params = fields.with_defaults(params, self.call.principal.settings)
        template = await find_template(self.context, self.call.principal, params) if has_template(params) else None
        if template is not None:
            params = template.complete(params)
        sender, type_ = fields.read_sender(params), fields.read_type(params, self.call.principal.settings)
        body = read_text(params, template) if has_template(params) else fields.read_body(params)
        options = read_options(params, fields.read_prefix(params))
        due_at = read_due(params, self.zone, self.now, self.context.settings.retention_days)
        validity = fields.read_validity(params)
        callback, _ = await self.callback(params)
        await self._check_sender(sender)
        return Variant(
            type_,
            sender,
            await self._with_links(params, body, n, recipient),
            (due_at or self.now) + timedelta(minutes=validity),
            PRIORITIES.get(type_, Priority.NORMAL),
            options or None,
            callback,
            due_at,
        )

    async def callback(self, params: Params) -> tuple[dict[str, Any] | None, str | None]:
        """Where a node's outcome is reported, as it is stored, and its URL. Raises E615, E616."""
        if not (params.get("callback") or params.get(PROFILE)):
            return None, None
        name = repr((params.get(PROFILE), params.get("callback")))
        if name not in self._callbacks:
            self._callbacks[name] = await read_callback(self.context, self.call.principal, params)
        return self._callbacks[name]

    async def _check_sender(self, sender: str) -> None:
        if sender not in self._senders:
            try:
                await check_sender(self.context.database, self.context.clock, self.call.principal, sender)
                self._senders[sender] = None
            except StrowgerError as problem:
                if problem.code != "E605":
                    raise
                self._senders[sender] = problem
        found = self._senders[sender]
        if found is not None:
            raise found

    async def _with_links(self, params: Params, body: str, n: int, recipient: str) -> str:
        self.personal = False
        if not wants_links(params, self.call.principal.settings, body):
            return body
        write = await self.links.plan(params, body)
        self.personal = write is not None
        return write(n, recipient) if write is not None else body

    def refused(self, node: Node, problem: StrowgerError) -> Variant:
        """What is stored of a node that cannot be sent; the pipeline ends it with the trace."""
        options = {"refused": trace_of(problem), "refused_because": describe(problem)}
        body = scalar_text(node.params.get("body")) or ""
        sender = scalar_text(node.params.get("from") or node.params.get("sender")) or ""
        type_ = (scalar_text(node.params.get("type")) or "DEFAULT").strip().upper()
        type_ = type_ if type_ in fields.TYPES else "DEFAULT"
        until = self.now + timedelta(minutes=fields.DEFAULT_VALIDITY)
        return Variant(type_, sender[:50], body[: fields.MAX_BODY], until, Priority.NORMAL, options)


def describe(problem: StrowgerError) -> str:
    """A fault in one sentence, with its code."""
    return f"{problem.code}: {problem.detail or entry_of(problem.code).text}"


async def send_batch(call: Call) -> Answer:
    """Handle ``/messages/json``, ``/sms/json`` and their XML twins."""
    context = call.context
    now = context.clock.now()
    check_channel(call)
    raw = read_nodes(call.params.get("sms"))
    common = {name: value for name, value in call.params.items() if name not in TOP_ONLY}
    zone = await zone_of(context.database, call.principal, common)
    composer = Composer(call, now, zone)
    prefix = await _check_common(composer, common)
    nodes = spread(raw, common, prefix, call.principal.country)
    variants = await _variants(composer, nodes)
    request = _request(call, composer, common, nodes, variants)
    _, url = await composer.callback(common)
    answer = encode(_envelope(call, request, common, nodes, url))
    if call.claim is not None:
        request.idempotency = (*call.claim, ACCEPTED, answer)
    await call.state.accepter.accept(request)
    return Answer(ACCEPTED, answer)


async def _check_common(composer: Composer, common: Params) -> str | None:
    """Refuse the request for what is wrong on top, whichever nodes it concerns; returns the prefix."""
    fields.read_type(common)
    if common.get("sender") or common.get("from"):
        fields.read_sender(common)
    if common.get("body"):
        fields.read_body(common)
    fields.read_validity(common)
    prefix = fields.read_prefix(common)
    read_options(common, prefix)
    await composer.callback(common)
    read_due(common, composer.zone, composer.now, composer.context.settings.retention_days)
    if common.get("url_data"):
        await read_url_data(common["url_data"], composer.call, composer.now)
    return prefix


async def _variants(composer: Composer, nodes: list[Node]) -> list[Variant]:
    """A message for each node. Raises E623 when none can be sent; the detail says why."""
    await composer.look_up(nodes)
    variants: list[Variant] = []
    usable = False
    shared: Variant | None = None
    for n, node in enumerate(nodes, 1):
        if node.problem is None and node.plain and shared is not None:
            variants.append(shared)
            continue
        if node.problem is None:
            try:
                variants.append(await composer.compose(node.params, n, node.recipient))
                shared = variants[-1] if node.plain and not composer.personal else shared
                usable = True
                continue
            except StrowgerError as problem:
                if problem.status == 503:
                    raise
                node.problem = problem
        variants.append(composer.refused(node, node.problem))
    if not usable:
        causes = {node.problem.code for node in nodes if node.problem}
        detail = "No node can be sent. " + "; ".join(_reports(nodes).values())
        raise StrowgerError("E623", detail, field="sms", causes=causes)
    return variants


def _reports(nodes: list[Node]) -> dict[str, str]:
    """What is wrong with the bad nodes, the first few of them, by the number of the message."""
    bad = [(str(n), node) for n, node in enumerate(nodes, 1) if node.problem is not None]
    return {n: f"node {node.position}: {describe(node.problem)}" for n, node in bad[:MAX_REPORTED] if node.problem}


def _request(call: Call, composer: Composer, common: Params, nodes: list[Node], variants: list[Variant]) -> NewRequest:
    first = next(variant for variant, node in zip(variants, nodes, strict=True) if node.problem is None)
    return NewRequest(
        call.principal.account_id,
        call.id,
        first.type,
        first.sender,
        first.body,
        [node.recipient for node in nodes],
        composer.now,
        first.valid_until,
        first.priority,
        source=fields.read_source(common),
        campaign_name=fields.read_campaign(common),
        options=first.options,
        callback=first.callback,
        due_at=first.due_at,
        each=[None if variant is first else variant for variant in variants],
        writes=composer.links.writes(),
    )


def _envelope(call: Call, request: NewRequest, common: Params, nodes: list[Node], url: str | None) -> SendAnswer:
    """The envelope of a send; sender and text are those on top, or null."""
    error: dict[str, Any] = {}
    if call.principal.settings.get("report_invalid_in_response"):
        invalid = [node.recipient for node in nodes if node.problem is not None]
        error = {"invalid": invalid, "nodes": _reports(nodes)} if invalid else {}
    answer = SendAnswer(
        call.name,
        fields.read_sender(common) if common.get("sender") or common.get("from") else None,
        fields.read_type(common),
        fields.read_body(common) if common.get("body") else None,
        request.source,
        format_moment(request.created_at),
        len(nodes),
        [Accepted(f"{call.name}:{n}", node.recipient) for n, node in enumerate(nodes, 1)],
        url,
        error,
    )
    options = read_options(common, fields.read_prefix(common))
    if common.get(PROFILE):
        options[PROFILE] = common[PROFILE]
    if common.get("time"):
        answer.time = as_text(common, "time")
    return answer.echo(options, "/sms/" in call.path)
