"""Members, roles and experts over HTTP: who may do what to whom, and what ends when (console.md 5.7, R-55, U-94)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from strowger import app
from strowger.console import setup as console
from strowger.console.rights import PAGES, PUBLIC, SELF
from strowger.platform.accounts import keys, service
from strowger.platform.accounts import pages as accounts
from strowger.platform.team import experts
from strowger.platform.team.roles import ROLES, effective
from tests.people_kit import PASSWORD, House, errors_of, open_house

TEAM = "/settings/team"
NEW = "Another-Horse-10"
PLACES = {"int": "1", "uuid": "00000000-0000-7000-8000-000000000000", "str": "x", "path": "x"}


async def state(house: House, email: str) -> tuple[str, str] | None:
    row = await house.context.database.pool.fetchrow("SELECT state, role FROM app_user WHERE email = $1", email)
    return (row["state"], row["role"]) if row else None


async def test_invitation_from_mail_to_the_first_page(house: House) -> None:
    owner = await house.entered()
    answer = await owner.post(
        f"{TEAM}/invite", name="Grace Hopper", email="Grace@example.com", role="manager", hours="24"
    )
    assert answer.status_code == 303, errors_of(answer)
    assert "Invitation Sent" in (await owner.get(TEAM)).text
    assert (await house.browser().sign_in("grace@example.com", "!")).status_code == 422
    path = await house.mailed_path("team-invitation")
    guest = house.browser()
    assert (await guest.client.post(path, data={"name": "Grace M. Hopper", "password": NEW})).status_code == 303
    assert await guest.is_in()
    assert await state(house, "grace@example.com") == ("active", "manager")
    assert (await guest.get("/developers/keys")).status_code == 403
    assert (await house.browser().client.post(path, data={"name": "Eve", "password": NEW})).status_code == 410


async def test_R62_an_old_invitation_is_replaced_by_a_new_one(house: House) -> None:
    owner = await house.entered()
    await owner.post(f"{TEAM}/invite", name="Grace Hopper", email="grace@example.com", role="support", hours="24")
    first = await house.mailed_path("team-invitation")
    user_id = await house.context.database.pool.fetchval("SELECT id FROM app_user WHERE email = 'grace@example.com'")
    house.clock.advance(1700)
    await owner.post(f"{TEAM}/{user_id}/again")
    assert (await house.browser().get(first)).status_code == 410
    second = await house.mailed_path("team-invitation")
    house.clock.advance(3601)
    assert (await house.browser().get(second)).status_code == 410
    assert "Invitation Expired" in (await (await house.entered()).get(TEAM)).text


async def test_an_address_has_one_user_in_the_installation(house: House) -> None:
    other = await service.create_account(house.context, "Other", "DE", "EUR")
    await house.add("eve", "owner", other)
    answer = await (await house.entered()).post(
        f"{TEAM}/invite", name="Eve", email="EVE@example.com", role="support", hours="1"
    )
    assert answer.status_code == 422
    assert await house.mails("team-invitation") == []


async def test_the_last_owner_stays_and_admins_do_not_touch_owners(house: House) -> None:
    admin = await house.add("bob", "admin")
    owner, boss = await house.entered(), await house.entered(admin.email)
    assert (await owner.post(f"{TEAM}/{house.owner.id}", name="Ada", role="admin", hours="")).status_code == 422
    for act in ("off", "remove"):
        await owner.post(f"{TEAM}/{house.owner.id}/{act}", keys="stop")
        await boss.post(f"{TEAM}/{house.owner.id}/{act}", keys="stop")
    await boss.post(f"{TEAM}/{house.owner.id}", name="Ada", role="support", hours="")
    assert (await boss.post(f"{TEAM}/{admin.id}", name="Bob", role="owner", hours="")).status_code == 422
    assert await state(house, "ada@example.com") == ("active", "owner")
    assert await state(house, admin.email) == ("active", "admin")
    assert (await owner.post(f"{TEAM}/{admin.id}", name="Bob", role="owner", hours="")).status_code == 303
    assert (await owner.post(f"{TEAM}/{house.owner.id}/off")).status_code == 303
    assert await state(house, "ada@example.com") == ("active", "owner"), "nobody disables themselves"


async def test_disabling_signs_out_at_once_and_removing_stops_the_keys(house: House) -> None:
    bob = await house.add("bob", "admin")
    made = await keys.create_key(house.context, house.account.id, "Bob's", created_by=bob.id)
    theirs, owner = await house.entered(bob.email), await house.entered()
    await owner.post(f"{TEAM}/{bob.id}/off")
    assert not await theirs.is_in()
    assert (await theirs.sign_in(bob.email)).status_code == 403
    await owner.post(f"{TEAM}/{bob.id}/on")
    assert (await theirs.sign_in(bob.email)).status_code == 303
    assert "Bob&#39;s" in (await owner.get(f"{TEAM}/{bob.id}/remove")).text
    assert (await owner.post(f"{TEAM}/{bob.id}/remove", keys="stop")).status_code == 303
    assert await state(house, bob.email) is None
    assert not (await keys.get_key(house.context, house.account.id, made.id)).active


async def test_R58_members_of_another_account_are_as_unknown(house: House) -> None:
    other = await service.create_account(house.context, "Other", "DE", "EUR")
    eve = await house.add("eve", "support", other)
    owner = await house.entered()
    for path in (f"{TEAM}/{eve.id}", f"{TEAM}/{eve.id}/remove"):
        assert (await owner.get(path)).status_code == 404
    for act in ("", "/off", "/on", "/again", "/unlock", "/remove"):
        answer = await owner.post(f"{TEAM}/{eve.id}{act}", name="Eve", role="owner", hours="", keys="stop")
        assert answer.status_code == 404
    assert await state(house, eve.email) == ("active", "support")


async def test_a_role_of_ones_own_grants_what_was_chosen_and_nothing_that_never_may(house: House) -> None:
    owner = await house.entered()
    grants = ["numbers.read", "settings.read", "team.write", "installation.write", "nonsense"]
    assert (await owner.post(f"{TEAM}/roles/new", name="Number desk", grants=grants)).status_code == 303
    row = await house.context.database.pool.fetchrow("SELECT id, grants FROM custom_role")
    assert row is not None
    assert row["grants"] == ["numbers.read", "settings.read"]
    bob = await house.add("bob", f"custom:{row['id']}")
    desk = await house.entered(bob.email)
    assert (await desk.get("/settings/general")).status_code == 200
    assert (await desk.post("/settings/general", name="X", time_zone="UTC")).status_code == 403
    assert (await desk.get(TEAM)).status_code == 403
    menu = (await desk.get("/settings/general")).text
    assert 'href="/settings/team"' not in menu
    assert "may look at this, not change it" in menu
    await owner.post(f"{TEAM}/roles/{row['id']}/remove")
    assert await house.context.database.pool.fetchval("SELECT count(*) FROM custom_role") == 1, "it is in use"
    assert (await owner.post(f"{TEAM}/roles/new", name="Admin", grants=grants)).status_code == 422


async def test_a_role_of_another_account_cannot_be_given(house: House) -> None:
    other = await service.create_account(house.context, "Other", "DE", "EUR")
    role_id = await house.context.database.pool.fetchval(
        "INSERT INTO custom_role (account_id, name, grants, created_at) VALUES ($1, 'Theirs', '[]', now()) RETURNING id",
        other.id,
    )
    answer = await (await house.entered()).post(
        f"{TEAM}/invite", name="Grace", email="grace@example.com", role=f"custom:{role_id}", hours="1"
    )
    assert answer.status_code == 422


async def test_an_expert_leaves_when_the_time_is_over_and_the_owner_gets_a_report(house: House) -> None:
    owner = await house.entered()
    await owner.post(f"{TEAM}/invite", name="Expert", email="x@help.example", role="expert-write", hours="1")
    expert = house.browser()
    await expert.client.post(await house.mailed_path("team-invitation"), data={"name": "Expert", "password": NEW})
    assert (await expert.get("/settings/general")).status_code == 200
    assert (await expert.get(TEAM)).status_code == 403
    assert (await expert.post("/profile", name="Expert Two", time_zone="UTC")).status_code == 303
    house.clock.advance(3600)
    assert not await expert.is_in(), "the deadline counts by itself, not when a job runs"
    assert await experts.end_overdue(house.context) == 1
    assert await experts.end_overdue(house.context) == 0
    assert (await expert.sign_in("x@help.example", NEW)).status_code == 403
    (report,) = await house.mails("expert-session-report")
    assert report["to"] == "ada@example.com"
    assert "app_user" in report["attachment"][1]


async def test_the_login_history_is_of_the_own_account(house: House) -> None:
    other = await service.create_account(house.context, "Other", "DE", "EUR")
    eve = await house.add("eve", "owner", other)
    await house.entered(eve.email, address="203.0.113.7")
    await house.browser().sign_in("ada@example.com", "wrong")
    page = (await (await house.entered()).get(f"{TEAM}/history")).text
    assert "Wrong password" in page
    assert "203.0.113.7" not in page
    export = await (await house.entered()).get(f"{TEAM}/history", export="csv", result="wrong-password")
    assert export.text.count("ada@example.com") == 1


@pytest.fixture
async def everything(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """All pages of the product."""
    taken = {id(p) for p in [*console.pages, *accounts.pages]}
    from strowger.platform.audit import pages as audit
    from strowger.platform.settings import pages as settings
    from strowger.platform.team import pages as team

    taken |= {id(p) for p in [*audit.pages, *settings.pages, *team.pages]}
    async with open_house(database_url, tmp_path, [p for p in app.PAGES if id(p) not in taken]) as house:
        yield house


@pytest.mark.parametrize("key", ["admin", "manager", "support", "expert-read", "whatsapp-only", "numbers-only"])
async def test_R55_U94_every_page_refuses_the_roles_that_lack_its_permission(everything: House, key: str) -> None:
    """Generated from the pages: those that a role may not call answer 403; unsafe ones that it may ask for the token."""
    user = await everything.add("somebody", key)
    browser = await everything.entered(user.email)
    grants = effective(ROLES[key], operator=True)
    wrong: list[str] = []
    for item in PAGES:
        if item.permission == PUBLIC or "strowger." not in item.handler[:9]:
            continue
        path = re.sub(r"\{\w+:(\w+)\}", lambda found: PLACES[found[1]], item.path)
        allowed = item.permission == SELF or item.permission in grants
        for method in item.methods:
            if allowed and method == "GET":
                continue
            answer = await browser.client.request(method, path)
            words = "out of date" if allowed else "may not do this"
            if answer.status_code != 403 or words not in answer.text:
                wrong.append(f"{method} {path} {item.permission}: {answer.status_code}")
    assert not wrong, wrong


async def test_what_concerns_the_installation_is_for_owners_of_its_first_account(everything: House) -> None:
    other = await service.create_account(everything.context, "Other", "DE", "EUR")
    eve = await everything.add("eve", "owner", other)
    browser = await everything.entered(eve.email)
    for path in ("/carriers", "/mailbox"):
        assert (await browser.get(path)).status_code == 403
    assert (await (await everything.entered()).get("/carriers")).status_code == 200


async def test_addresses_that_may_sign_in(house: House) -> None:
    owner = await house.entered(address="203.0.113.5")
    outside = await house.entered(address="198.51.100.1")
    page = "/settings/security"
    locked_out = await owner.post(f"{page}/addresses", on="on", networks="10.0.0.0/8", password=PASSWORD)
    assert "lock yourself out" in errors_of(locked_out)
    assert (await owner.post(f"{page}/addresses", on="on", networks="x", password=PASSWORD)).status_code == 422
    lists = "203.0.113.0/24 office\n10.0.0.1"
    assert (await owner.post(f"{page}/addresses", on="on", networks=lists, password="wrong")).status_code == 422
    assert (await owner.post(f"{page}/addresses", on="on", networks=lists, password=PASSWORD)).status_code == 303
    assert not await outside.is_in(), "every request is checked, not only sign-in"
    assert "CON451" in errors_of(await outside.sign_in("ada@example.com"))
    await outside.sign_in("ada@example.com")
    assert len(await house.mails("address-refused")) == 1, "told once an hour"
    assert await owner.is_in()
    assert ("password", "address") in await house.history()


async def test_only_owners_choose_the_second_factor_of_everybody(house: House) -> None:
    admin = await house.entered((await house.add("bob", "admin")).email)
    form = {"second_factor": "email", "trust_hours": "0", "password": PASSWORD}
    assert (await admin.post("/settings/security/factor", **form)).status_code == 403
    owner = await house.entered()
    assert (await owner.post("/settings/security/factor", **form)).status_code == 303
    assert sorted(mail["to"] for mail in await house.mails("factor-changed")) == ["ada@example.com", "bob@example.com"]
    assert (await house.browser().sign_in("ada@example.com")).headers["location"].startswith("/sign-in/code")
