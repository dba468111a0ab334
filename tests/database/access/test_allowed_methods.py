"""Which second factors of one's own an account allows (console.md 5.3, 5.9: "Additional methods")."""

from __future__ import annotations

from tests.database.access.test_passkeys import HERE, add, ask, enter
from tests.database.access.test_second_factor import set_up_app
from tests.passkey_kit import SoftKey
from tests.people_kit import PASSWORD, House, errors_of

ADA = "ada@example.com"
RULE = {"second_factor": "email", "trust_hours": "0", "password": PASSWORD}


async def test_an_owner_forbids_methods_of_ones_own_and_allows_them_again(house: House) -> None:
    owner = await house.entered()
    totp, codes = await set_up_app(house, owner)
    key = SoftKey()
    await add(owner, key)
    page = (await owner.get("/settings/security")).text
    assert page.count('name="own_factors"') == 2
    assert (await owner.post("/settings/security/factor", **RULE, own_factors=[])).status_code == 303
    assert "set up nothing" in (await house.mails("factor-changed"))[-1]["text"]
    guest = house.browser()
    assert await enter(guest, key.get(await ask(guest))) == "/sign-in"
    assert (await house.history())[-1] == ("passkey", "disabled")
    await guest.sign_in(ADA)
    for wrong in (totp.at(house.clock.now()), codes[0]):
        assert (await guest.code(wrong)).status_code == 422, "the account's code is asked for, nothing else counts"
    assert (await guest.code(await house.mailed_code())).status_code == 303
    refused = await guest.post("/profile/second-factor/app", password=PASSWORD)
    assert refused.headers["location"] == "/profile/second-factor"
    assert "does not allow" in errors_of(await guest.post(f"{HERE}/new", name="x", password=PASSWORD))
    assert (await guest.get("/profile/second-factor")).text.count("Not allowed") == 2
    assert (await owner.post("/settings/security/factor", **RULE, own_factors=["totp", "nonsense"])).status_code == 303
    settings = await house.context.database.pool.fetchval(
        "SELECT settings FROM account WHERE id = $1", house.account.id
    )
    assert settings["own_factors"] == ["totp"]
    other = house.browser()
    await other.sign_in(ADA)
    house.clock.advance(60)
    assert (await other.code(totp.at(house.clock.now()))).status_code == 303
    await owner.post("/settings/security/factor", **RULE, own_factors=["totp", "passkey"])
    browser = house.browser()
    assert await enter(browser, key.get(await ask(browser))) == "/"
