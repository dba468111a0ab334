"""From a draft to executions: pages, publishing, the webhook, widgets, logs."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from strowger.engagement.flows import service
from tests.database.engagement.flows.conftest import Desk, sms, widget
from tests.database.messaging.console_client import add_person, sign_in_as

SENT = {
    "sender": "ACME",
    "type": "TXN",
    "to": "",
    "template_id": "",
    "values": "",
    "body": "Hi {{webhook.name}}",
    "profile": "",
}


async def test_a_flow_is_made_published_and_triggered_by_its_pages(desk: Desk) -> None:
    answer = await desk.visit.post("/flows/new", name="Welcome", sample="blank")
    path = answer.headers["location"]
    assert "Connect the branch “Then”" in await desk.text(path)
    answer = await desk.visit.post(f"{path}/widgets", type="sms", after="start_1 default")
    assert answer.headers["location"] == f"{path}/widgets/sms_1"
    answer = await desk.visit.post(f"{path}/publish")
    assert "Choose an approved sender ID" in await desk.text(path)
    answer = await desk.visit.post(f"{path}/widgets/sms_1", name="Greeting", next0="", next1="", notes="", **SENT)
    assert answer.status_code == 303, answer.text
    await desk.visit.post(f"{path}/publish")
    page = await desk.visit.page(path)
    assert "Published" in page
    flow_id = int(path.rsplit("/", 1)[-1])
    assert await desk.address(flow_id) in page
    run = await desk.run(flow_id)
    assert (run["state"], run["reason"]) == ("success", "")
    [message] = await desk.messages()
    assert (message["body"], message["source"], message["recipient"]) == ("Hi Grace", "FLOW", "447700900123")
    assert await desk.pool.fetchval("SELECT count(*) FROM submission") == 1
    log = await desk.text("/flows/logs")
    assert "Welcome" in log
    assert "Success" in log
    detail = await desk.visit.page(f"/flows/logs/{run['id']}")
    assert "Hi Grace" in detail
    assert f"/messages/{message['request_id']}:1" in detail
    csv = (await desk.visit.client.get("/flows/logs?export=csv")).text
    assert str(run["id"]) in csv
    listed = await desk.text("/flows?trigger=webhook&state=published")
    assert "Welcome" in listed
    assert "Welcome" not in await desk.text("/flows?state=draft")


async def test_what_is_published_runs_until_something_else_is_published(desk: Desk) -> None:
    flow_id = await desk.published(sms("sms_1", "One"))
    definition = (await desk.draft(flow_id))["definition"]
    definition["widgets"][1]["config"]["body"] = "Two"
    body = {"version": 1, "definition": definition}
    answer = await desk.visit.client.post(
        f"/flows/{flow_id}/draft", json=body, headers={"X-CSRF-Token": desk.visit.csrf}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["changed"]
    stale = await desk.visit.client.post(
        f"/flows/{flow_id}/draft", json=body, headers={"X-CSRF-Token": desk.visit.csrf}
    )
    assert stale.status_code == 409
    await desk.run(flow_id)
    await desk.publish(flow_id)
    await desk.run(flow_id)
    assert [row["body"] for row in await desk.messages()] == ["One", "Two"]
    page = await desk.text(f"/flows/{flow_id}/revisions/1")
    assert "SMS: settings changed" in page.replace("sms_1", "SMS")
    await desk.visit.post(f"/flows/{flow_id}/revisions/1/restore")
    await desk.publish(flow_id)
    await desk.run(flow_id)
    assert (await desk.messages())[-1]["body"] == "One"


async def test_only_the_last_20_revisions_are_kept(desk: Desk) -> None:
    flow_id = await desk.published(sms())
    for _ in range(21):
        await desk.publish(flow_id)
    numbers = await desk.pool.fetch("SELECT revision FROM flow_revision WHERE flow_id = $1 ORDER BY revision", flow_id)
    assert [row["revision"] for row in numbers] == list(range(3, 23))


async def test_export_and_import_leave_secrets_out(desk: Desk) -> None:
    headers = [{"name": "Authorization", "value": "Bearer s3cret"}, {"name": "X-Id", "value": "{{id}}"}]
    api = widget("api_1", {"url": "https://example.net/", "headers": headers}, match="sms_1")
    flow_id = await desk.flow(api, sms())
    stored = str(await desk.pool.fetchval("SELECT draft FROM flow WHERE id = $1", flow_id))
    assert "s3cret" not in stored
    assert "{{id}}" in stored
    file = (await desk.visit.client.get(f"/flows/{flow_id}/export")).content
    assert b"s3cret" not in file
    answer = await desk.visit.client.post(
        "/flows/import",
        data={"csrf": desk.visit.csrf, "name": "Other"},
        files={"file": ("f.json", file, "application/json")},
    )
    made = answer.headers["location"]
    assert "The header Authorization has no value" in await desk.text(made)
    copy = (await desk.visit.post(f"/flows/{flow_id}/duplicate")).headers["location"]
    assert "has no value" not in await desk.text(copy)
    for wrong in (b"", b"{", b"[]", json.dumps({"widgets": [widget("ivr_1")]}).encode()):
        answer = await desk.visit.client.post(
            "/flows/import", data={"csrf": desk.visit.csrf}, files={"file": ("f.json", wrong, "application/json")}
        )
        assert answer.status_code == 422, wrong
    assert await desk.pool.fetchval("SELECT count(*) FROM flow") == 3


async def test_the_form_of_a_widget_names_the_field_that_is_wrong(desk: Desk) -> None:
    flow_id = await desk.flow(sms(), widget("date_time_1"), widget("api_1"), widget("jump_1"), widget("choice_1"))
    path = f"/flows/{flow_id}/widgets"
    answer = await desk.visit.post(f"{path}/sms_1", **{**SENT, "to": "nobody"})
    assert answer.status_code == 422
    assert "“nobody” is neither" in answer.text
    hours = {"kind": "hours", "zone": "", "slots": "9-5", "first": "", "last": "", "holidays": ""}
    answer = await desk.visit.post(f"{path}/date_time_1", **hours)
    assert answer.status_code == 422
    assert "is no time slot" in answer.text
    api = {"method": "GET", "body_type": "json", "url": "", "headers": "x", "body": "", "key": "", "statuses": "", "values": "",
           "timeout": "5", "retries": "0"}  # fmt: skip
    answer = await desk.visit.post(f"{path}/api_1", **api)
    assert answer.status_code == 422
    assert "as Name: value" in answer.text
    for one in ("sms_1", "date_time_1", "api_1", "jump_1", "choice_1", "start_1"):
        assert (await desk.visit.client.get(f"{path}/{one}")).status_code == 200, one
    assert (await desk.visit.client.get(f"{path}/sms_9")).status_code == 404


async def test_choice_is_passed_over_in_webhook_executions_unless_the_account_wants_it(desk: Desk) -> None:
    choice = widget(
        "choice_1", {"first": {"variable": "webhook.tier", "value": "gold"}}, match="sms_1", no_match="sms_2"
    )
    flow_id = await desk.published(choice, sms("sms_1", "Gold"), sms("sms_2", "Other"))
    run = await desk.run(flow_id, tier="silver")
    assert ("choice_1", "skipped", "match") in await desk.steps(run)
    await desk.visit.post("/flows/options", choice="on")
    desk.clock.advance(10)
    run = await desk.run(flow_id, tier="silver")
    assert ("choice_1", "done", "no_match") in await desk.steps(run)
    assert [row["body"] for row in await desk.messages()] == ["Gold", "Other"]


async def test_a_jump_goes_back_until_its_limit_and_on_into_another_flow(desk: Desk) -> None:
    other = await desk.published(sms("sms_1", "From {{flow_id}} {{webhook.name}}"), name="Other")
    on = widget("jump_2", {"kind": "flow", "flow": other})
    flow_id = await desk.published(
        sms("sms_1", "Again", sent="jump_1"), widget("jump_1", {"widget": "sms_1", "most": 2}, limit="jump_2"), on
    )
    run = await desk.run(flow_id)
    assert run["state"] == "success"
    assert [row["body"] for row in await desk.messages()] == ["Again"] * 3 + [f"From {flow_id} Grace"]
    await service.set_state(desk.visit.context, desk.visit.account, other, service.State.PAUSED)
    run = await desk.run(flow_id)
    assert run["state"] == "failure"
    assert "is not published" in run["reason"]


async def test_a_loop_of_jumps_ends_after_500_steps(desk: Desk) -> None:
    one = await desk.published(sms(), name="One")
    two = await desk.published(widget("jump_1", {"kind": "flow", "flow": one, "most": 20}), name="Two")
    hours = {"kind": "holiday", "holidays": [{"day": "2020-01-01"}]}
    chain = [widget(f"date_time_{n}", hours, no_match=f"date_time_{n + 1}") for n in range(1, 30)]
    chain.append(widget("date_time_30", hours, no_match="jump_1"))
    flow_id = await desk.published(*chain, widget("jump_1", {"widget": "date_time_1", "most": 20}), name="Three")
    run = await desk.run(flow_id)
    assert (run["state"], run["steps"]) == ("failure", 500)
    assert "loop" in run["reason"]
    assert two


async def test_a_failed_sms_goes_its_branch_or_ends_the_execution(desk: Desk) -> None:
    flow_id = await desk.published(sms("sms_1", "x", failed="sms_2", to="{{webhook.other}}"), sms("sms_2", "Fallback"))
    run = await desk.run(flow_id)
    assert run["state"] == "success"
    assert (await desk.messages())[0]["body"] == "Fallback"
    run = await desk.run(flow_id, caller="nobody")
    assert run["state"] == "failure"
    assert "E602" in run["reason"]


async def test_old_executions_are_forgotten(desk: Desk) -> None:
    run = await desk.run(await desk.published(sms()))
    assert await desk.jobs.forget() == 0
    desk.clock.advance(timedelta(days=91).total_seconds())
    assert await desk.jobs.forget() == 1
    assert await desk.row(str(run["id"])) is None
    assert await desk.pool.fetchval("SELECT count(*) FROM flow_step") == 0


async def test_a_deleted_flow_keeps_its_log_and_ends_what_waits(desk: Desk) -> None:
    flow_id = await desk.published(sms())
    answer = await desk.trigger(flow_id)
    await desk.visit.post(f"/flows/{flow_id}/delete")
    await desk.jobs.step()
    run = await desk.row(answer.json()["data"]["execution_id"])
    assert (run["state"], run["reason"]) == ("failure", "The flow was deleted while it ran.")
    assert (await desk.visit.client.get(f"/flows/logs/{run['id']}")).status_code == 200
    assert await desk.messages() == []


async def test_another_tenant_sees_and_changes_nothing(desk: Desk) -> None:
    flow_id = await desk.published(sms())
    run = await desk.run(flow_id)
    _, token = await add_person(desk.visit.context, "eve")
    await sign_in_as(desk.visit.client, token)
    found = await service_csrf(desk, token)
    for path in (f"/flows/{flow_id}", f"/flows/{flow_id}/draft", f"/flows/{flow_id}/export", f"/flows/logs/{run['id']}",
                 f"/flows/{flow_id}/widgets/sms_1", f"/flows/{flow_id}/revisions/1"):  # fmt: skip
        assert (await desk.visit.client.get(path)).status_code == 404, path
    for path in (
        "publish",
        "pause",
        "delete",
        "rotate",
        "duplicate",
        "widgets",
        "widgets/sms_1/delete",
        "revisions/1/restore",
    ):
        answer = await desk.visit.client.post(f"/flows/{flow_id}/{path}", data={"csrf": found})
        assert answer.status_code == 404, path
    assert f"/flows/{flow_id}" not in (await desk.visit.client.get("/flows")).text
    assert str(run["id"]) not in (await desk.visit.client.get("/flows/logs")).text
    assert await desk.pool.fetchval("SELECT state FROM flow WHERE id = $1", flow_id) == "published"


async def service_csrf(desk: Desk, token: str) -> str:
    from tests.database.messaging.console_client import csrf_of

    return await csrf_of(desk.visit.context, token)


async def test_a_reader_may_look_but_not_change(desk: Desk) -> None:
    flow_id = await desk.published(sms())
    _, token = await add_person(desk.visit.context, "sam", "support", desk.visit.account)
    await sign_in_as(desk.visit.client, token)
    csrf = await service_csrf(desk, token)
    page = await desk.visit.page(f"/flows/{flow_id}")
    assert "/trigger/" not in page
    assert "Delete" not in page
    assert (await desk.visit.client.post(f"/flows/{flow_id}/pause", data={"csrf": csrf})).status_code == 403


async def test_changes_are_in_the_audit_log(desk: Desk) -> None:
    flow_id = await desk.published(sms())
    await desk.visit.post(f"/flows/{flow_id}/pause")
    actions = await desk.pool.fetch("SELECT action FROM audit_entry WHERE account_id = $1", desk.visit.account)
    assert "POST /flows/{flow_id:int}/pause" in [row["action"] for row in actions]


def problem_texts(data: dict[str, Any]) -> list[str]:
    return [one["text"] for one in data["problems"]]


async def test_publishing_names_what_is_missing(desk: Desk) -> None:
    flow_id = await desk.flow(
        sms("sms_1", "{{nothing}} {{api:x_9:y}}", sent="date_time_1"),
        widget("date_time_1", {"kind": "hours", "weekdays": [0]}, match="sms_1"),
        widget("api_1", {"url": "ftp://x", "wanted": [{"kind": "value", "value": "x"}]}),
    )
    found = problem_texts(await desk.draft(flow_id))
    for text in (
        "There is no variable {{nothing}}.", "{{api:x_9:y}}: there is no API widget x_9.",
        "Nothing leads to this widget: connect it, or delete it.", "Name the response key whose value is compared.",
        "This way leads back to a widget before it; use a Jump to go back.",
    ):  # fmt: skip
        assert text in found
    await desk.visit.post(f"/flows/{flow_id}/publish")
    assert await desk.pool.fetchval("SELECT revision FROM flow WHERE id = $1", flow_id) is None
