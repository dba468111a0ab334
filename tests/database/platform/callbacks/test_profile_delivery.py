"""What a profile's receiver gets: rendering, authentication, encryption, signature; and what follows from its answer."""

from __future__ import annotations

import asyncio
import base64
import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from standardwebhooks import Webhook

from strowger.foundation.errors import StrowgerError
from strowger.platform.callbacks.profiles.encryption import decrypt
from strowger.platform.callbacks.profiles.schemas import Encryption, ProfileStatus
from strowger.platform.callbacks.profiles.service import ProfileService
from strowger.platform.callbacks.schemas import CallbackState
from strowger.platform.callbacks.signing import secret_text
from tests.database.platform.callbacks.conftest import ACCOUNT, OTHER_ACCOUNT, answer
from tests.database.platform.callbacks.profile_kit import make_profile, queue_event

VECTORS = [
    ("AES-128-CFB", "0123456789abcdef", "by66GIAVDWzc"),
    ("AES-192-CFB", "0123456789abcdef01234567", "niIjD79+n8kh"),
    ("AES-256-CFB", "0123456789abcdef0123456789abcdef", "uj0XNrqVPNEW"),
]
IV = "fedcba9876543210"


async def test_a_json_body_keeps_types_and_objects_and_keys(world, receiver):
    body = {"n": "<units>", "to": "to <recipient>", "place": "<address.formatted_address>", "geo": "{address.geo}",
            "gone": "<nothing>", "parts[n]": "<parts[n]>", "list": ["<status>", 7, True]}  # fmt: skip
    profile = await make_profile(world, receiver.url("/in/<id>?st={status}"), body=body, headers={"X-Trace": "<id>"})
    await queue_event(world, profile, **{"parts[n]": "1"})
    assert await world.engine().step() == 1
    [request] = receiver.received
    assert (request.method, request.target) == ("POST", "/in/m%3A1?st=DELIVERED")
    assert request.headers["x-trace"] == "m:1"
    assert json.loads(request.body) == {
        "n": 2, "to": "to +919876543210", "place": "1 Main St", "geo": {"lat": 1.5}, "gone": "", "parts[n]": "1",
        "list": ["DELIVERED", 7, True],
    }  # fmt: skip
    assert request.headers["x-callback-profile"] == profile.name
    assert request.headers["content-type"] == "application/json"
    assert await world.states() == []


@pytest.mark.parametrize(
    ("body_type", "body", "kind", "wanted"),
    [
        ("xml", "<m><id>{id}</id><t><message></t></m>", "application/xml", "<m><id>m:1</id><t>a &amp; b &lt;c&gt;</t></m>"),
        ("html", "<p>{message}</p>", "text/html", "<p>a &amp; b &lt;c&gt;</p>"),
        ("text", "{id} is <status>", "text/plain", "m:1 is DELIVERED"),
        ("form", {"to": "<recipient>", "t": "<message>"}, "application/x-www-form-urlencoded",
         "to=%2B919876543210&t=a%20%26%20b%20%3Cc%3E"),
    ],
)  # fmt: skip
async def test_every_body_type_escapes_for_what_it_is(world, receiver, body_type, body, kind, wanted):
    profile = await make_profile(world, receiver.url(), body=body, body_type=body_type, http_method="PUT")
    await queue_event(world, profile)
    await world.engine().step()
    [request] = receiver.received
    assert (request.method, request.headers["content-type"], request.body.decode()) == ("PUT", kind, wanted)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_get_and_delete_carry_the_picked_variables_in_the_query(world, receiver, method):
    profile = await make_profile(
        world, receiver.url("/h?k=1"), http_method=method, body=None, dynamic_variables=["id", "message"]
    )
    await queue_event(world, profile)
    await world.engine().step()
    [request] = receiver.received
    assert request.method == method
    assert request.target == "/h?k=1&id=m%3A1&message=a%20%26%20b%20%3Cc%3E"
    assert request.body == b""


async def test_a_general_profile_gets_the_whole_event(world, receiver):
    profile = await make_profile(world, receiver.url(), channel="default", body={"workflowevent": "", "fixed": "x"})
    await queue_event(world, profile, "workflowevent")
    await world.engine().step()
    body = json.loads(receiver.received[0].body)
    assert body["fixed"] == "x"
    assert body["workflowevent"]["status"] == "DELIVERED"
    assert body["workflowevent"]["callback_profile_id"] == profile.name


@pytest.mark.parametrize(("algo", "key", "wanted"), VECTORS)
async def test_values_are_encrypted_one_by_one_as_the_reference_computes(world, receiver, algo, key, wanted):
    profile = await make_profile(
        world,
        receiver.url("/h?s=<status>"),
        body={"status": "<status>", "constant": "clear", "none": "<nothing>", "n": "<units>"},
        headers={"X-Status": "<status>"},
        enc={"algo": algo, "key": key, "IV": IV},
    )
    await queue_event(world, profile, status="delivered")
    await world.engine().step()
    [request] = receiver.received
    body = json.loads(request.body)
    assert (body["status"], body["constant"], body["none"]) == (wanted, "clear", "")
    assert dict(parse_qsl(urlsplit(request.target).query))["s"] == wanted
    assert request.headers["x-status"] == "delivered"
    assert decrypt(Encryption(algo, key, IV), body["n"]) == "2"


async def test_gcm_takes_a_fresh_nonce_each_time_and_a_fixed_one_is_refused(world, receiver):
    enc = {"algo": "AES-256-GCM", "key": "0123456789abcdef" * 2}
    with pytest.raises(StrowgerError) as problem:
        await make_profile(world, receiver.url(), enc={**enc, "IV": IV, "iv_mode": "static"})
    assert (problem.value.code, problem.value.field) == ("RBC308", "enc")
    profile = await make_profile(world, receiver.url(), enc=enc)
    await queue_event(world, profile)
    await queue_event(world, profile)
    await world.engine().step()
    first, second = (json.loads(request.body)["status"] for request in receiver.received)
    assert first != second
    assert {decrypt(profile.draft.enc, text) for text in (first, second)} == {"DELIVERED"}
    assert len(base64.b64decode(first)) == 12 + len("DELIVERED") + 16


async def test_basic_authentication(world, receiver):
    profile = await make_profile(
        world, receiver.url(), auth={"type": "basic", "username": "ada", "password": "päss:word"}
    )
    row = await queue_event(world, profile)
    await world.engine().step()
    [request] = receiver.received
    assert request.headers["authorization"] == "Basic " + base64.b64encode("ada:päss:word".encode()).decode()
    [attempt] = await world.attempts(row)
    assert attempt.request_headers["Authorization"] == "***"
    assert attempt.profile_id == profile.id


def _advanced(receiver, **changes):
    block = {
        "auth_url": receiver.url("/token"),
        "client_id": "me",
        "client_secret": "s3cret",
        "scope": "send",
        **changes,
    }
    return {"type": "advanced", "advanced": block}


async def test_a_token_is_fetched_once_and_kept_until_it_expires(world, receiver):
    given = {"token_type": "Bearer", "expires_in": "3599", "access_token": "T1"}
    receiver.script = lambda r: answer(200, json.dumps(given).encode() if r.target == "/token" else b"ok")
    profile = await make_profile(world, receiver.url(), auth=_advanced(receiver))
    for _ in range(5):
        await queue_event(world, profile)
    engine = world.engine()
    await engine.step()
    asked = [r for r in receiver.received if r.target == "/token"]
    called = [r for r in receiver.received if r.target == "/dlr"]
    assert (len(asked), len(called)) == (1, 5)
    assert dict(parse_qsl(asked[0].body.decode())) == {
        "grant_type": "client_credentials", "client_id": "me", "client_secret": "s3cret", "scope": "send",
    }  # fmt: skip
    assert {r.headers["authorization"] for r in called} == {"Bearer T1"}
    world.clock.advance(3530)
    await queue_event(world, profile)
    await engine.step()
    assert len(asked) == 1
    world.clock.advance(10)
    await queue_event(world, profile)
    await engine.step()
    assert [r.target for r in receiver.received].count("/token") == 2


async def test_a_refused_token_is_renewed_once_and_the_callback_tried_at_once(world, receiver):
    tokens = iter(["old", "new"])
    seen = []

    def script(request):
        if request.target.startswith("/token"):
            return answer(200, json.dumps({"a": {"t": next(tokens)}}).encode())
        seen.append(request.headers["x-key"])
        return answer(401 if request.headers["x-key"] == "old" else 200)

    receiver.script = script
    auth = _advanced(
        receiver, auth_method="GET", request_style="basic", token_path="a.t", token_header="X-Key", token_prefix=""
    )
    profile = await make_profile(world, receiver.url(), auth=auth)
    row = await queue_event(world, profile)
    await world.engine().step()
    assert seen == ["old", "new"]
    assert await world.states() == []
    assert [a.http_status for a in await world.attempts(row)] == [200]
    assert receiver.received[0].headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [(b"", 500, "answered 500"), (b"no", 200, "not JSON"), (b'{"x":1}', 200, "access_token")],
)
async def test_a_failing_token_server_is_a_failed_attempt(world, receiver, body, status, reason):
    receiver.script = lambda r: answer(status, body)
    profile = await make_profile(world, receiver.url(), auth=_advanced(receiver))
    row = await queue_event(world, profile)
    await world.engine().step()
    [(state, attempts, _)] = await world.states()
    assert (state, attempts) == (CallbackState.PENDING, 1)
    [attempt] = await world.attempts(row)
    assert attempt.error.startswith("auth_failed")
    assert reason in attempt.error
    assert "s3cret" not in repr(attempt)


async def test_R45_neither_endpoint_nor_token_url_may_lead_inside(world, receiver):
    for params in (
        {"url": "http://169.254.169.254/latest"},
        {"url": "http://[::ffff:10.0.0.1]/"},
        {"url": "http://0x7f.1:22/"},
        {"auth": {"type": "advanced", "auth_url": "http://192.168.0.1/t", "client_id": "a", "client_secret": "b"}},
    ):
        with pytest.raises(StrowgerError) as problem:
            await make_profile(world, params.pop("url", receiver.url()), **params)
        assert problem.value.code in ("RBC306", "RBC311")
    profile = await make_profile(world, receiver.url(), auth=_advanced(receiver))
    # A name that changed its mind since: the guard decides at each connection.
    world.context.http._guard._allow_loopback = False
    world.context.http._guard._cache.clear()
    row = await queue_event(world, profile)
    await world.engine().step()
    [attempt] = await world.attempts(row)
    assert attempt.error.startswith("auth_failed: The address 127.0.0.1 is not public")
    assert receiver.received == []


async def test_R31_two_secrets_sign_during_a_rotation_and_one_after(world, receiver):
    world.clock.advance(__import__("time").time() - world.clock.time())
    profile = await make_profile(world, receiver.url())
    old, service, engine = secret_text(profile.secrets[0]), ProfileService(world.context), world.engine()
    new = await service.rotate(ACCOUNT, profile.id)
    await queue_event(world, profile)
    await engine.step()
    [request] = receiver.received
    for secret in (old, new):
        assert Webhook(secret).verify(request.body, request.headers)["status"] == "DELIVERED"
    assert request.headers["x-signature"].count("v1=") == 2
    world.clock.advance(24 * 3600 + 10)
    await queue_event(world, profile)
    await engine.step()
    request = receiver.received[-1]
    assert request.headers["webhook-signature"].count("v1,") == 1
    [secret] = [secret_text(one) for one in (await service.get(ACCOUNT, profile.id)).secrets]
    assert secret == new


async def test_an_unsigned_profile_carries_no_signature(world, receiver):
    profile = await make_profile(world, receiver.url(), signature=False)
    await queue_event(world, profile)
    await world.engine().step()
    assert not {"x-signature", "webhook-signature"} & receiver.received[0].headers.keys()


async def test_a_success_must_hold_the_agreed_text(world, receiver):
    profile = await make_profile(world, receiver.url(), response_message="accepted")
    row = await queue_event(world, profile)
    engine = world.engine()
    await engine.step()
    [(state, _, _)] = await world.states()
    assert state == CallbackState.PENDING
    receiver.script = lambda _: answer(200, b"all accepted")
    world.clock.advance(10)
    await engine.step()
    assert await world.states() == []
    assert [a.error for a in await world.attempts(row)] == ["wrong_answer: the agreed text is missing", None]


async def test_R33_a_profile_is_tried_ten_times_over_three_days(world, receiver, monkeypatch):
    monkeypatch.setattr("random.random", lambda: 0.5)
    receiver.script = lambda _: answer(503)
    profile = await make_profile(world, receiver.url())
    start, row, engine = world.clock.now(), await queue_event(world, profile), world.engine()
    for wait in (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400):
        world.clock.advance(wait * 1.21)
        assert await engine.step() == 1
    assert [state for state, _, _ in await world.states()] == [CallbackState.FAILED]
    assert len(await world.attempts(row)) == 10
    assert 75 < (world.clock.now() - start).total_seconds() / 3600 / 1.21 < 76


async def test_what_a_disabled_profile_misses_is_dropped_and_seen(world, receiver):
    profile = await make_profile(world, receiver.url())
    service = ProfileService(world.context)
    await service.set_status(ACCOUNT, profile.id, ProfileStatus.DISABLED, "by hand")
    row = await queue_event(world, profile)
    assert await world.engine().step() == 1
    assert receiver.received == []
    [queued] = await world.service.queued_of_message(ACCOUNT, row.request_id, 1)
    assert (queued.state, queued.last_error, queued.attempts) == (CallbackState.DROPPED, "profile_disabled", 0)
    assert await world.attempts(row) == []
    assert await world.database.pool.fetchval("SELECT sum(number) FROM callback_tally WHERE outcome = 4") == 1
    await service.set_status(ACCOUNT, profile.id, ProfileStatus.ACTIVE, None)
    assert await world.service.replay(ACCOUNT, [row.id]) == 1
    await world.engine().step()
    [request] = receiver.received
    assert request.headers["x-callback-retrigger"] == "1"


async def test_a_deleted_profile_drops_what_waits_and_forgets_its_secrets(world, receiver):
    profile = await make_profile(world, receiver.url(), headers={"X-Key": "k"})
    row = await queue_event(world, profile)
    await ProfileService(world.context).delete(ACCOUNT, profile.id)
    await world.engine().step()
    [queued] = await world.service.queued_of_message(ACCOUNT, row.request_id, 1)
    assert (queued.state, queued.last_error) == (CallbackState.DROPPED, "profile_deleted")
    stored = await world.database.pool.fetchrow("SELECT * FROM callback_profile")
    assert all(stored[name] is None for name in ("headers_sealed", "auth_sealed", "enc_sealed", "secret_sealed"))


async def test_410_disables_the_profile(world, receiver):
    receiver.script = lambda _: answer(410)
    profile = await make_profile(world, receiver.url())
    await queue_event(world, profile)
    await world.engine().step()
    found = await ProfileService(world.context).get(ACCOUNT, profile.id)
    assert (found.status, found.disabled_why) == (ProfileStatus.DISABLED, "gone")


async def test_R36_five_days_of_nothing_but_failures_switch_it_off(world, receiver):
    receiver.script = lambda _: answer(500)
    profile = await make_profile(world, receiver.url(), retry={"count": 0})
    service, engine = ProfileService(world.context), world.engine()
    for _ in range(5):
        await queue_event(world, profile)
        await engine.step()
        world.clock.advance(86_400)
        found = await service.get(ACCOUNT, profile.id)
        assert found.status is ProfileStatus.ACTIVE
        assert found.failing_since is not None
    await queue_event(world, profile)
    await engine.step()
    found = await service.get(ACCOUNT, profile.id)
    assert (found.status, found.disabled_why, found.failures) == (ProfileStatus.FAILING, "failing", 6)
    world.clock.advance(60)
    row = await queue_event(world, profile)
    await engine.step()
    [queued] = [q for q in await world.service.failed(ACCOUNT) if q.id == row.id]
    assert queued.last_error == "auto_disabled"
    assert len(receiver.received) == 6
    receiver.script = lambda _: answer()
    found = await service.set_status(ACCOUNT, profile.id, ProfileStatus.ACTIVE, None)
    assert (found.status, found.failures, found.failing_since) == (ProfileStatus.ACTIVE, 0, None)
    await world.service.replay(ACCOUNT, [row.id])
    await world.engine().step()
    assert len(receiver.received) == 7


async def test_R36_one_success_ends_the_run_of_failures(world, receiver):
    statuses = iter([500, 500, 200, 500])
    receiver.script = lambda _: answer(next(statuses))
    profile = await make_profile(world, receiver.url(), retry={"count": 0})
    engine = world.engine()
    for _ in range(4):
        await queue_event(world, profile)
        await engine.step()
        world.clock.advance(2 * 86_400)
    found = await ProfileService(world.context).get(ACCOUNT, profile.id)
    assert (found.status, found.failures) == (ProfileStatus.ACTIVE, 1)


async def test_a_replay_goes_to_where_the_profile_leads_now(world, receiver):
    profile = await make_profile(world, receiver.url("/old"), retry={"count": 0})
    receiver.script = lambda _: answer(500)
    row, engine = await queue_event(world, profile), world.engine()
    await engine.step()
    service = ProfileService(world.context)
    await service.update(ACCOUNT, profile.id, {"url": receiver.url("/new", "localhost"), "http_method": "PUT"})
    [queued] = await world.service.failed(ACCOUNT)
    assert "/new" in queued.url
    receiver.script = lambda _: answer(200)
    await world.service.replay(ACCOUNT, [row.id])
    await world.engine().step()
    assert [(r.method, r.target) for r in receiver.received] == [("POST", "/old"), ("PUT", "/new")]


async def test_a_foreign_account_neither_sees_nor_uses_a_profile(world, receiver):
    profile = await make_profile(world, receiver.url())
    service = ProfileService(world.context)
    for act in (
        lambda: service.get(OTHER_ACCOUNT, profile.id),
        lambda: service.update(OTHER_ACCOUNT, profile.id, {"title": "mine now"}),
        lambda: service.delete(OTHER_ACCOUNT, profile.id),
        lambda: service.rotate(OTHER_ACCOUNT, profile.id),
        lambda: service.set_default(OTHER_ACCOUNT, "sms_send", profile.name),
    ):
        with pytest.raises(StrowgerError) as problem:
            await act()
        assert problem.value.code == "RBC302"
    assert (await service.get(ACCOUNT, profile.id)).draft.title == profile.draft.title


async def test_a_hundred_profiles_and_no_more_also_when_made_at_once(world, receiver, monkeypatch):
    monkeypatch.setattr("strowger.platform.callbacks.profiles.service.MOST_PROFILES", 3)
    made = await asyncio.gather(*(make_profile(world, receiver.url()) for _ in range(6)), return_exceptions=True)
    assert [one.code for one in made if isinstance(one, StrowgerError)] == ["RBC313"] * 3
