"""What a form may not set is not set and secrets are never read back (R-59); API keys in the console (R-60)."""

from __future__ import annotations

import re

from strowger.platform.accounts import keys
from tests.database.access.test_second_factor import set_up_app
from tests.people_kit import PASSWORD, House

# Columns of a person that only the product itself sets, and what an attacker would like them to be.
FORBIDDEN = {
    "id": "1", "account_id": "2", "role": "owner", "state": "active", "password_hash": "x", "totp_sealed": "", "totp_step": "0",
    "failed_logins": "0", "locked_until": "", "blocked_until": "", "access_until": "2999-01-01", "created_at": "2000-01-01",
    "email": "ada@evil.example", "mobile": "447700900123", "preferences": "{}", "permissions": "*", "grants": "*",
}  # fmt: skip
SECRET = re.compile("argon2|sealed|token_hash")


async def test_R59_forms_about_oneself_set_their_own_fields_alone(house: House) -> None:
    bob = await house.add("bob", "support")
    browser = await house.entered(bob.email)

    async def row() -> dict[str, object]:
        found = await house.context.database.pool.fetchrow("SELECT * FROM app_user WHERE id = $1", bob.id)
        assert found is not None
        return dict(found)

    before = await row()
    await browser.post("/profile", **{**FORBIDDEN, "name": "Robert", "time_zone": ""})
    await browser.post("/profile/theme", **{**FORBIDDEN, "theme": "dark"})
    after = await row()
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"name", "theme", "preferences"}, changed
    assert after["preferences"] == {"time_zone": ""}


async def test_R59_members_are_changed_in_name_role_and_deadline_alone(house: House) -> None:
    bob = await house.add("bob", "support")
    owner = await house.entered()
    before = await house.context.database.pool.fetchrow("SELECT * FROM app_user WHERE id = $1", bob.id)
    fields = {**FORBIDDEN, "name": "Robert", "role": "manager", "hours": ""}
    assert (await owner.post(f"/settings/team/{bob.id}", **fields)).status_code == 303
    after = await house.context.database.pool.fetchrow("SELECT * FROM app_user WHERE id = $1", bob.id)
    assert before is not None
    assert after is not None
    assert {name for name in before.keys() if before[name] != after[name]} == {"name", "role"}  # noqa: SIM118


async def test_R59_no_page_shows_a_secret_again(house: House) -> None:
    owner = await house.entered()
    await set_up_app(house, owner)
    made = await keys.create_key(house.context, house.account.id, "Shop", created_by=house.owner.id)
    secret = await house.context.database.pool.fetchval(
        "SELECT totp_sealed FROM app_user WHERE id = $1", house.owner.id
    )
    plain = house.context.secrets.open(secret, f"totp:{house.owner.id}").decode()
    pages = ("/profile", "/profile/second-factor", "/settings/team", f"/settings/team/{house.owner.id}", "/developers/keys",
             f"/developers/keys/{made.id}", "/settings/security", "/settings/audit")  # fmt: skip
    for path in pages:
        text = (await owner.get(path)).text
        assert plain not in text, path
        assert made.key not in text, path
        assert not SECRET.search(text), path


async def test_R60_a_key_is_shown_once_and_again_only_for_the_password(house: House) -> None:
    owner = await house.entered()
    shown = await owner.post("/developers/keys/new", name="Shop", networks="203.0.113.0/24", scopes=["messages.send"])
    found = re.findall(r"\bA[0-9a-f]{32}\b", shown.text)
    assert found, shown.status_code
    row = await house.context.database.pool.fetchrow("SELECT * FROM api_key WHERE name = 'Shop'")
    assert row is not None
    assert found[0] not in str(dict(row))
    assert (row["networks"], row["created_by"]) == (["203.0.113.0/24"], house.owner.id)
    for path in ("/developers/keys", f"/developers/keys/{row['id']}"):
        assert found[0] not in (await owner.get(path)).text
    refused = await owner.post(f"/developers/keys/{row['id']}/reveal", password="wrong")
    assert found[0] not in refused.text
    revealed = await owner.post(f"/developers/keys/{row['id']}/reveal", password=PASSWORD)
    assert found[0] in revealed.text
    assert "no-store" in revealed.headers["cache-control"]
