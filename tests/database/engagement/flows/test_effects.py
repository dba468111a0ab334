"""What others notice of an execution: requests, messages; once each, whatever interrupts it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from strowger.channels.sms.pipeline import SmsRules
from strowger.engagement.flows import jobs as module
from strowger.engagement.flows.jobs import FlowJobs
from strowger.engagement.flows.repository import runs
from strowger.foundation.errors import Unavailable
from strowger.foundation.http_client import GuardedClient
from strowger.foundation.settings import AllowList
from strowger.messaging.outcomes import Incoming
from strowger.messaging.service import Pipeline
from strowger.platform.numbers.service import create_number
from tests.database.engagement.flows.conftest import Desk, sms, widget

OWN, PERSON = "447700900999", "447700900123"


class System:
    """A customer's system: keeps requests and gives the answers of a list, the last one again and again."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.answers: list[web.Response] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.requests.append({"path": request.raw_path, "body": await request.text(), "headers": dict(request.headers)})
        status, text = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)  # type: ignore[misc]
        return web.Response(status=status, text=text, content_type="application/json")


@pytest.fixture
async def system(desk: Desk) -> AsyncIterator[System]:
    made = System()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    await desk.visit.context.http.close()
    desk.visit.context.http = GuardedClient(AllowList(), allow_loopback=True)
    yield made
    await runner.cleanup()


async def test_an_answer_decides_and_becomes_variables(desk: Desk, system: System) -> None:
    system.answers = [(200, '{"data": {"tier": "gold", "token": "s3cret"}}')]  # type: ignore[list-item]
    headers = [
        {"name": "Authorization", "value": "Bearer s3cret-{{webhook.name}}"},
        {"name": "X-Run", "value": "{{id}}"},
    ]
    api = widget(
        "api_1",
        {
            "method": "POST", "url": system.url + "/t/{{webhook.name}}?q={{webhook.q}}", "headers": headers,
            "body": '{"name": "{{webhook.q}}"}', "key": "data.tier", "wanted": [{"kind": "value", "value": "gold"}],
        },
        match="sms_1",
    )  # fmt: skip
    flow_id = await desk.published(api, sms("sms_1", "You are {{api:data.tier}} {{api:api_1:data.tier}}"))
    run = await desk.run(flow_id, q='a&b "c"')
    assert (await desk.messages())[0]["body"] == "You are gold gold"
    [request] = system.requests
    assert request["path"] == "/t/Grace?q=a%26b%20%22c%22"
    assert request["body"] == '{"name": "a&b \\"c\\""}'
    sent = request["headers"]
    assert (sent["Authorization"], sent["X-Run"]) == ("Bearer s3cret-Grace", str(run["id"]))
    assert sent["Idempotency-Key"] == f"{run['id']}:2"
    page = await desk.visit.page(f"/flows/logs/{run['id']}")
    assert "gold" in page
    assert "s3cret" not in page


async def test_statuses_branches_of_their_own_and_retries(desk: Desk, system: System) -> None:
    wanted = [{"kind": "status", "value": "404"}, {"kind": "value", "value": "x"}]
    api = widget("api_1", {"url": system.url, "key": "k", "wanted": wanted, "separate": True, "retries": 1})
    api["next"] = {"match:status:404": "sms_1", "match:value:x": "sms_2"}
    flow_id = await desk.published(api, sms("sms_1", "None"), sms("sms_2", "X"))
    system.answers = [(404, "{}"), (500, "oh"), (200, '{"k": "x"}'), (500, "oh")]  # type: ignore[list-item]
    for state in ("success", "success", "success"):
        assert (await desk.run(flow_id))["state"] == state
    assert [row["body"] for row in await desk.messages()] == ["None", "X"]
    assert len(system.requests) == 5


async def test_R49_requests_go_to_no_address_inside(desk: Desk, system: System) -> None:
    desk.visit.context.http = GuardedClient(AllowList())
    for url in (system.url, "http://169.254.169.254/latest", "http://[::1]/", "{{webhook.url}}"):
        flow_id = await desk.published(widget("api_1", {"url": url, "retries": 2}), name=f"To {len(url)}")
        run = await desk.run(flow_id, url="http://10.0.0.1/")
        assert run["state"] == "failure", url
        assert "Not allowed" in run["reason"], url
    assert system.requests == []


async def test_an_answer_that_is_too_large_is_not_kept(desk: Desk, system: System) -> None:
    system.answers = [(200, '{"x": "' + "y" * 300_000 + '"}')]  # type: ignore[list-item]
    flow_id = await desk.published(widget("api_1", {"url": system.url}, match="sms_1"), sms("sms_1", "[{{api:x}}]"))
    run = await desk.run(flow_id)
    assert (await desk.messages())[0]["body"] == "[]"
    assert "256 KB" in (await desk.data(run, "api_1"))["problem"]


async def come_in(desk: Desk, *texts: str) -> None:
    pipeline = Pipeline(desk.visit.context, 1, SmsRules(desk.visit.context.secrets))
    at = desk.clock.now()
    tasks = [asyncio.create_task(pipeline.journal.report(Incoming(1, PERSON, OWN, text, at))) for text in texts]
    await asyncio.sleep(0)
    await pipeline.journal.flush()
    await asyncio.gather(*tasks)


async def test_an_incoming_sms_begins_the_flows_that_listen(desk: Desk) -> None:
    await desk.visit.context.database.run(lambda c: create_number(c, desk.visit.account, OWN))
    start = {"webhook": {"enabled": False}, "sms": {"enabled": True, "number": OWN, "keyword": "yes"}}
    choice = widget("choice_1", {"first": {"variable": "sms.text", "value": "YES please"}}, match="sms_1")
    await desk.published(choice, sms("sms_1", "{{trigger}}: {{sms.text}} from {{caller}} to {{callee}}"), start=start)
    await desk.flow(sms(), name="A draft", start=start)
    await come_in(desk, "YES please", "no", "STOP")
    await desk.jobs.step()
    [message] = [row for row in await desk.messages() if row["source"] == "FLOW"]
    assert message["body"] == f"Incoming SMS: YES please from {PERSON} to {OWN}"
    assert message["recipient"] == PERSON
    assert await desk.pool.fetchval("SELECT count(*) FROM flow_run WHERE trigger = 'sms'") == 1
    await come_in(desk, *(f"yes {n}" for n in range(40)))
    assert await desk.pool.fetchval("SELECT count(*) FROM flow_run") == 30, "one person begins 30 an hour"


async def test_R05_a_run_that_is_interrupted_anywhere_sends_each_message_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow_id = await desk.published(sms("sms_1", "1", sent="sms_2"), sms("sms_2", "2", sent="sms_3"), sms("sms_3", "3"))
    real = runs.save
    for before, at in ((True, 1), (True, 2), (False, 1), (False, 2), (False, 3)):
        await desk.pool.execute("DELETE FROM message")
        calls = 0

        async def save(connection: Any, worker_id: int, saves: Any, before: bool = before, at: int = at) -> Any:
            nonlocal calls
            calls += 1
            if before and calls == at:
                raise Unavailable
            found = await real(connection, worker_id, saves)
            if not before and calls == at:  # it is done, but whoever did it never learns
                await connection.execute("COMMIT")
                raise Unavailable
            return found

        monkeypatch.setattr(module.runs, "save", save)
        answer = await desk.trigger(flow_id)
        await desk.jobs.step()
        other = FlowJobs(desk.visit.context, 8)
        await other.step()  # the first worker is not registered as alive
        run = await desk.row(answer.json()["data"]["execution_id"])
        assert run["state"] == "success", (before, at)
        assert [row["body"] for row in await desk.messages()] == ["1", "2", "3"], (before, at)


async def test_a_worker_that_was_taken_over_changes_nothing(desk: Desk, system: System) -> None:
    system.answers = [(200, "{}")]  # type: ignore[list-item]
    flow_id = await desk.published(widget("api_1", {"url": system.url}, match="sms_1"), sms())
    answer = await desk.trigger(flow_id)
    [mine] = await desk.jobs._claim()
    other = FlowJobs(desk.visit.context, 8)
    await other.step()
    await desk.jobs._execute(mine)
    run = await desk.row(answer.json()["data"]["execution_id"])
    assert (run["state"], run["attempts"], run["claimed_by"]) == ("success", 2, None)
    assert len(await desk.messages()) == 1
    assert await desk.steps(run) == [
        ("start_1", "done", "default"), ("api_1", "done", "match"), ("sms_1", "done", "sent")
    ]  # fmt: skip


async def test_a_run_that_is_interrupted_again_and_again_ends(desk: Desk) -> None:
    answer = await desk.trigger(await desk.published(sms()))
    await desk.pool.execute("UPDATE flow_run SET attempts = 10")
    await desk.jobs.step()
    run = await desk.row(answer.json()["data"]["execution_id"])
    assert (run["state"], run["reason"]) == ("failure", "It was interrupted 10 times.")


async def test_one_account_leaves_room_for_others(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    flow_id = await desk.published(sms())
    for _ in range(4):
        await desk.trigger(flow_id)
    monkeypatch.setattr(module, "SHARE", 3)
    assert len(await desk.jobs._claim()) == 3
    desk.jobs._busy[desk.visit.account] = 3
    assert await desk.jobs._claim() == []
