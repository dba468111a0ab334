"""Single sign-on against a provider that is a process of its own, over the wire: the good way, and everything that lies."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.people_kit import PASSWORD, Browser, House, errors_of, open_house

from strowger.foundation.clock import FrozenClock
from strowger.platform.accounts import service as accounts
from strowger.platform.sso import pages as sso
from strowger.platform.sso import provider as providers
from strowger.simulators.openid.tokens import MISBEHAVIOURS

HERE, ADA = "/settings/security/sso", "ada@example.com"


@dataclass
class Provider:
    """The process, and the control of it."""

    url: str
    client: httpx.AsyncClient

    async def be(self, **person: str) -> None:
        await self.client.post("/control/person", json=person)

    async def misbehave(self, name: str = "") -> None:
        answer = await self.client.post("/control/misbehave", json={"name": name})
        assert answer.status_code == 200


@pytest.fixture(scope="module")
async def process() -> AsyncIterator[str]:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "strowger.simulators.openid", stdout=asyncio.subprocess.PIPE
    )
    assert program.stdout
    line = (await asyncio.wait_for(program.stdout.readline(), 60)).decode()
    yield line.split()[-1]
    program.terminate()
    await program.wait()


@pytest.fixture
async def provider(process: str) -> AsyncIterator[Provider]:
    providers.forget(process)
    async with httpx.AsyncClient(base_url=process) as client:
        found = Provider(process, client)
        await found.misbehave()
        await found.be()
        yield found


class LiveClock(FrozenClock):
    """The provider lives in real time; this clock goes with it, and can be moved ahead."""

    ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def time(self) -> float:
        return self.now().timestamp()

    monotonic = time

    def advance(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


@pytest.fixture
async def house(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr("tests.people_kit.FrozenClock", LiveClock)
    async with open_house(database_url, tmp_path, sso.pages) as house:
        yield house


def settings_of(provider: Provider, **more: Any) -> dict[str, Any]:
    return {
        "is_on": "on", "issuer": provider.url, "client_id": "strowger", "secret": "simulated-secret", "domains": "example.com",
        "default_role": "support", "password": PASSWORD, **more,
    }  # fmt: skip


async def set_up(house: House, provider: Provider, **more: Any) -> Browser:
    owner = await house.entered()
    answer = await owner.post(HERE, **settings_of(provider, **more))
    assert answer.status_code == 303, errors_of(answer)
    return owner


async def leave(browser: Browser, email: str = ADA, target: str = "/") -> str:
    """Begin; returns the address at the provider."""
    page = await browser.client.post("/sign-in/sso", data={"email": email, "next": target})
    assert page.status_code == 200, errors_of(page)
    found = re.search(r'content="0; url=([^"]+)"', page.text)
    assert found
    return unescape(found[1])


async def at_provider(provider: Provider, url: str) -> str:
    """Where the provider sends the browser back to: path and query."""
    answer = await provider.client.get(url)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


async def enter(browser: Browser, provider: Provider, email: str = ADA, target: str = "/") -> httpx.Response:
    return await browser.get(await at_provider(provider, await leave(browser, email, target)))


async def users(house: House) -> dict[str, tuple[str, str]]:
    rows = await house.context.database.pool.fetch("SELECT email, role, state FROM app_user")
    return {row["email"]: (row["role"], row["state"]) for row in rows}


async def test_a_member_signs_in_and_skips_our_own_code(house: House, provider: Provider) -> None:
    browser = house.browser()
    assert "Single sign-on" not in (await browser.get("/sign-in")).text
    await set_up(house, provider)
    await house.settings(second_factor="email")
    assert "Single sign-on" in (await browser.get("/sign-in")).text
    url = await leave(browser, target="/settings/team")
    asked = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert len(asked["nonce"]) == len(asked["code_challenge"]) == 43
    back = await at_provider(provider, url)
    answer = await browser.get(back)
    assert answer.headers["location"] == "/settings/team"
    assert await browser.is_in()
    assert (await house.history())[-1] == ("sso", "success")
    assert (await browser.get(back)).status_code == 403, "once"
    row = await house.context.database.pool.fetchrow("SELECT * FROM identity_provider")
    assert "simulated-secret" not in str(dict(row))  # type: ignore[arg-type]


async def test_who_comes_for_the_first_time_joins_with_the_default_role(house: House, provider: Provider) -> None:
    await set_up(house, provider, default_role="manager")
    await provider.be(sub="grace-1", email="Grace@Example.com", name="Grace Hopper")
    browser = house.browser()
    assert (await enter(browser, provider, "grace@example.com")).status_code == 303
    assert (await users(house))["grace@example.com"] == ("manager", "active")
    assert (await house.mails("sso-joined"))[0]["to"] == ADA
    await provider.be(sub="grace-1", email="grace.murray@example.com")
    again = house.browser()
    assert (await enter(again, provider)).status_code == 303
    assert "grace.murray@example.com" not in await users(house), "known by the subject, whatever the address is by now"
    await provider.be(sub="grace-2", email="grace@example.com")
    stranger = house.browser()
    assert "another person" in (await enter(stranger, provider)).text
    assert not await stranger.is_in()
    assert (await house.browser().sign_in("grace@example.com", "!")).status_code == 422, "there is no password"
    owner = await house.entered()
    number = await house.context.database.pool.fetchval("SELECT id FROM app_user WHERE email = 'grace@example.com'")
    await owner.post(f"/settings/team/{number}/off")
    assert not await again.is_in()
    await provider.be(sub="grace-1", email="grace@example.com")
    assert "may not sign in" in (await enter(again, provider)).text
    assert ("sso", "disabled") in await house.history()


async def test_an_invited_member_is_active_once_the_provider_lets_them_in(house: House, provider: Provider) -> None:
    owner = await set_up(house, provider)
    await owner.post("/settings/team/invite", name="Bob Builder", email="bob@example.com", role="admin", hours="24")
    await provider.be(sub="bob-1", email="bob@example.com")
    assert (await enter(house.browser(), provider)).status_code == 303
    assert (await users(house))["bob@example.com"] == ("admin", "active")


async def test_what_lies_lets_nobody_in(house: House, provider: Provider) -> None:
    await set_up(house, provider)
    await provider.be(sub="mallory", email="mallory@example.com")
    browser = house.browser()
    for name in MISBEHAVIOURS:
        providers.forget(provider.url)
        await provider.misbehave(name)
        if name == "lying_discovery":
            page = await browser.client.post("/sign-in/sso", data={"email": ADA})
            assert "names itself" in errors_of(page)
        else:
            answer = await enter(browser, provider)
            assert (answer.status_code, "You cannot sign in" in answer.text) == (403, True), name
        assert not await browser.is_in(), name
        assert set(await users(house)) == {ADA}, name
    await provider.misbehave("silent_on_verified")
    await (await house.entered()).post(HERE, **settings_of(provider, trusts_addresses="on", secret=""))
    assert (await enter(browser, provider)).status_code == 303, "where the account says so"


async def test_addresses_of_other_domains_and_accounts_stay_out(house: House, provider: Provider) -> None:
    other = await accounts.create_account(house.context, "Other", "DE", "EUR")
    eve = await house.add("eve", "owner", other)
    await set_up(house, provider)
    for email, words in (
        ("eve@evil.example", "not of a domain"), ("x@example.com@evil.example", "not of a domain"), (eve.email, "another account"),
    ):  # fmt: skip
        await provider.be(sub=email, email=email)
        browser = house.browser()
        answer = await enter(browser, provider)
        assert (answer.status_code, words in answer.text) == (403, True), email
        assert not await browser.is_in()
    assert set(await users(house)) == {ADA, eve.email}
    page = await house.browser().client.post("/sign-in/sso", data={"email": "x@evil.example"})
    assert "No account uses single sign-on" in errors_of(page)


async def test_an_answer_counts_in_the_browser_that_asked_and_in_time(house: House, provider: Provider) -> None:
    await set_up(house, provider)
    victim, attacker = house.browser(), house.browser()
    theirs = await at_provider(provider, await leave(attacker))
    await leave(victim)
    assert (await victim.get(theirs)).status_code == 403, "nobody is signed in as somebody else by a link"
    assert (await house.browser().get(theirs)).status_code == 403
    late = await at_provider(provider, await leave(attacker))
    house.clock.advance(601)
    assert (await attacker.get(late)).status_code == 403
    for nonsense in ("", "?state=x&code=y", "?error=access_denied", "?state=x"):
        assert (await attacker.get(f"/sign-in/sso/callback{nonsense}")).status_code == 403
    assert not await attacker.is_in()


async def test_keys_that_the_provider_renewed_are_read_again(house: House, provider: Provider) -> None:
    await set_up(house, provider)
    assert (await enter(house.browser(), provider)).status_code == 303
    await provider.client.post("/control/renew")
    house.clock.advance(31)
    assert (await enter(house.browser(), provider)).status_code == 303


async def test_when_required_only_owners_keep_their_password(house: House, provider: Provider) -> None:
    bob = await house.add("bob", "admin")
    guest = await accounts.create_user(
        house.context, house.account.id, "max@partner.example", "Max", PASSWORD, role="admin"
    )
    owner = await set_up(house, provider, is_required="on")
    refused = await house.browser().sign_in(bob.email)
    assert refused.status_code == 403
    assert "single sign-on" in errors_of(refused)
    assert ("password", "sso") in await house.history()
    await house.browser().client.post("/password", data={"email": bob.email})
    reset = await house.mailed_path("password-reset")
    by_link = house.browser()
    assert (await by_link.client.post(reset, data={"password": "Another-Horse-10"})).status_code == 403
    assert not await by_link.is_in()
    assert (await house.browser().sign_in(ADA)).status_code == 303, "the way in when the provider fails"
    assert (await house.browser().sign_in(guest.email)).status_code == 303, "other domains are not concerned"
    await owner.post(f"{HERE}/remove", password=PASSWORD)
    assert (await house.browser().sign_in(bob.email, "Another-Horse-10")).status_code == 303


async def test_only_owners_set_it_up_and_bad_settings_change_nothing(house: House, provider: Provider) -> None:
    admin = await house.entered((await house.add("bob", "admin")).email)
    assert (await admin.get(HERE)).status_code == 403
    assert (await admin.post(HERE, **settings_of(provider))).status_code == 403
    owner = await house.entered()
    wrong = (
        {"issuer": "http://login.example.com"}, {"issuer": "https://10.0.0.1"}, {"issuer": "ftp://x"},
        {"issuer": f"{provider.url}/x"},
        {"issuer": provider.url.replace("127.0.0.1", "localhost")}, {"domains": "evil.example"}, {"domains": "gmail.com"},
        {"domains": "-"}, {"default_role": "owner"}, {"default_role": "expert-write"}, {"password": "wrong"}, {"client_id": ""},
    )  # fmt: skip
    for one in wrong:
        assert (await owner.post(HERE, **settings_of(provider, **one))).status_code == 422, one
    assert await house.context.database.pool.fetchval("SELECT count(*) FROM identity_provider") == 0
    await owner.post(HERE, **settings_of(provider))
    page = (await owner.get(HERE)).text
    assert "simulated-secret" not in page
    assert provider.url in page
    await owner.post(HERE, **settings_of(provider, secret=""))
    assert (await enter(house.browser(), provider)).status_code == 303, "an empty secret keeps the one before"
    other = await accounts.create_account(house.context, "Other", "DE", "EUR")
    await accounts.create_user(house.context, other.id, "eve@example.com", "Eve", PASSWORD)
    theirs = await house.entered("eve@example.com")
    assert "Another account" in errors_of(await theirs.post(HERE, **settings_of(provider)))
    entry = await house.context.database.pool.fetchval(
        "SELECT string_agg(fields::text || changes::text, '') FROM audit_entry WHERE action = 'POST /settings/security/sso'"
    )
    assert provider.url in entry
    assert "simulated-secret" not in entry
