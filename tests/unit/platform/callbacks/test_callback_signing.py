"""R-30 to R-32: signatures that the reference library of Standard Webhooks accepts, and the plain form beside them."""

from __future__ import annotations

import hashlib
import hmac
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from strowger.platform.callbacks.signing import secret_text, sign

SECRET, OTHER = b"s" * 32, b"o" * 32


@given(st.binary(min_size=1, max_size=100), st.text(max_size=300), st.integers(0, 2**31))
def test_R30_signatures_equal_those_of_the_reference_library(secret, body, moment):
    ours = sign((secret,), "msg_1", moment, body.encode("utf-8", "replace"), "https://e.net/")
    body = body.encode("utf-8", "replace").decode()
    theirs = Webhook(secret_text(secret)).sign("msg_1", datetime.fromtimestamp(moment, UTC), body)
    assert ours["webhook-signature"] == theirs


def test_R30_the_vector_of_the_specification():
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    headers = sign((Webhook(secret)._whsecret,), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, "")
    assert headers["webhook-signature"] == Webhook(secret).sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", datetime.fromtimestamp(1614265330, UTC), body.decode()
    )


def test_R31_during_rotation_both_secrets_verify():
    body = b'{"id": "1"}'
    headers = sign((SECRET, OTHER), "id", int(time.time()), body, "")
    for secret in (SECRET, OTHER):
        assert Webhook(secret_text(secret)).verify(body, headers) == {"id": "1"}
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_text(b"x" * 32)).verify(body, headers)
    assert headers["X-Signature"].count("v1=") == 2


def test_R32_a_receiver_can_reject_replays_and_changes():
    body = b'{"id": "1"}'
    old = sign((SECRET,), "id", int(time.time()) - 301, body, "")
    now = sign((SECRET,), "id", int(time.time()), body, "")
    for headers, received in ((old, body), (now, body + b" "), ({**now, "webhook-id": "other"}, body)):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret_text(SECRET)).verify(received, headers)


@pytest.mark.parametrize(("body", "signed"), [(b'{"a":1}', '{"a":1}'), (None, "https://e.net/?x=1"), (b"", "")])
def test_the_plain_signature_covers_the_body_or_for_get_the_url(body, signed):
    header = sign((SECRET,), "id", 1700000000, body, "https://e.net/?x=1")["X-Signature"]
    expected = hmac.new(secret_text(SECRET).encode(), f"1700000000.{signed}".encode(), hashlib.sha256).hexdigest()
    assert header == f"t=1700000000,v1={expected}"
