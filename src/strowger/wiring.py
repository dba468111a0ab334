"""What modules offer to floors that do not know them; asked by every process that shows it or works with it."""

from __future__ import annotations

from strowger.channels.sms import reports as sms
from strowger.channels.sms import uses
from strowger.channels.sms.reports.repository import register_clicks
from strowger.console import things
from strowger.engagement.campaigns.repository import uses as campaigns
from strowger.engagement.links import reports as links
from strowger.engagement.links.repository import CLICKS_OF_MESSAGES
from strowger.messaging.repository.known import known
from strowger.platform.billing import reports as billing
from strowger.platform.callbacks.profiles import reports as callbacks
from strowger.platform.reports.types import register
from strowger.platform.subaccounts import reports as subaccounts


def wire() -> None:
    """Offer every report type of this version, and to SMS what campaigns and links know."""
    register(*sms.reports, *links.reports, *subaccounts.reports, *callbacks.reports, *billing.reports)
    uses.register_campaigns(campaigns)
    register_clicks(CLICKS_OF_MESSAGES)
    _remember()


def _remember() -> None:
    """Say which pages show one thing each: they are remembered when opened, and forgotten with the thing, by workers, too."""
    things.register("/campaigns/{campaign_id:uuid}", "speakerphone", "campaign")
    things.register("/flows/{flow_id:int}", "sitemap", "flow")
    things.register("/flows/logs/{run_id:uuid}", "list-details", "flow_run")
    things.register("/messages/{message_id:str}", "message", exists=known)
    things.register("/templates/{template:int}", "template", "sms_template")
    things.register("/carriers/show/{name:str}", "antenna", "carrier", "name", everybodys=True)
    things.register("/numbers/{msisdn:str}", "phone", "number", "msisdn", own_numbers=True)
    things.register("/receive/{configuration_id:int}", "inbox", "receive_configuration")
    things.register("/senders/{sender_id:int}", "id", "sender")
    things.register("/smpp/{user_id:int}", "plug", "smpp_user")
    things.register("/developers/keys/{key_id:int}", "key", "api_key")
    things.register("/developers/ip-configs/{config_id:int}", "network", "ip_config")
    things.register("/billing/credits/{recharge_id:uuid}", "receipt", "recharge")
    things.register("/callbacks/profiles/{profile_id:uuid}", "webhook", "callback_profile", alive="deleted_at IS NULL")
    things.register("/directory/contacts/{contact_id:int}", "address-book", "contact")
    things.register("/directory/imports/{import_id:uuid}", "upload", "contact_import")
    things.register("/directory/lookups/{request_id:uuid}", "zoom-question", "lookup_request")
    things.register("/operator/accounts/{account_id:int}", "building", "account", everybodys=True)
    things.register("/operator/tickets/{number:int}", "ticket", "ticket", everybodys=True)
    things.register("/reports/{report_id:uuid}", "report", "report")
    things.register("/requests/{request_id:uuid}", "api", "request_log")
    things.register("/settings/team/{user_id:int}", "user", "app_user")
    things.register("/support/tickets/{number:int}", "ticket", "ticket")
