"""R-45, R-46, R-48, R-50: which receivers a request may reach."""

from __future__ import annotations

import ipaddress

import pytest

from strowger.foundation.http_guard import Guard, HttpFailed, Refused, canonical_host, read_url
from strowger.foundation.settings import AllowList

PUBLIC = "93.184.215.14"


class FakeNames:
    """A name service whose answers a test sets, and which counts its questions."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = {name.replace("_", "."): addresses for name, addresses in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        if host not in self.answers:
            raise OSError("no such name")
        return self.answers[host]


async def reach(url: str, names: FakeNames | None = None, allow: AllowList | None = None, loopback: bool = False):
    origin, _ = read_url(url)
    return await Guard(allow or AllowList(), loopback, names or FakeNames()).addresses(origin)


REFUSED_HOSTS = [
    # loopback and "this host", in every spelling of inet_aton
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0X7F.1", "017700000001", "0177.0.0.1",
    "0x7f.0x0.0x0.0x1", "0177.1", "127.0.0.1.", "0", "0.0.0.0", "0x0",
    # private, carrier-grade, link-local and metadata
    "10.0.0.1", "10.1", "0x0a000001", "167772161", "172.16.0.1", "172.31.255.255", "192.168.1.1", "192.168.257",
    "3232235777", "100.64.0.1", "100.100.100.200", "169.254.169.254", "169.254.43518", "2852039166", "0xa9fea9fe",
    "0251.0376.0251.0376", "168.63.129.16", "192.0.0.192",
    # reserved, documentation, benchmarks, multicast, broadcast
    "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255",
    # IPv6: loopback, unspecified, unique-local, link-local, multicast, documentation, Teredo
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fec0::1]", "[ff02::1]",
    "[2001:db8::1]", "[2001::1]", "[100::1]",
    # IPv6 that leads to IPv4: mapped, compatible, NAT64 (both prefixes), 6to4
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:10.0.0.1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]", "[64:ff9b::10.0.0.1]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2002:a00:1::1]",
    "[2002:c0a8:101::1]",
    # other digits and dots that fold to ASCII
    "１２７.０.０.１", "127。0。0。1", "①②⑦.⓪.⓪.①",
    # names of internal services
    "localhost", "LOCALHOST", "localhost.", "app.localhost", "metadata", "metadata.google.internal", "instance-data",
    "printer.local", "db.internal", "router.home.arpa", "ip6-localhost", "localhost.localdomain",
]  # fmt: skip


@pytest.mark.parametrize("host", REFUSED_HOSTS)
async def test_R45_addresses_and_names_of_internal_services_are_refused(host):
    with pytest.raises(Refused):
        await reach(f"http://{host}/path")


def is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(canonical_host(host)))
    except ValueError:
        return False


@pytest.mark.parametrize("host", list(filter(is_address, REFUSED_HOSTS)))
async def test_R45_they_are_refused_behind_a_name_as_well(host):
    with pytest.raises(Refused):
        await reach("http://cover.example/", FakeNames(cover_example=[canonical_host(host)]))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.net/", "file:///etc/passwd", "gopher://example.net/", "example.net", "//example.net/", "http:///x",
        "http://", "", "http://exa mple.net/", "http://example.net\\@127.0.0.1/", "http://[::1/", "http://[fe80::1%25eth0]/",
        "http://127%2e0.0.1/", "http://a..b/", "http://-x.net/", "http://example.net:0/", "http://example.net:99999/",
        "http://example.net:port/", "http://1.2.3.4.5/", "http://256.1.1.1/", "http://0x/../", "http://exa\nmple.net/",
        "http://a@b@example.net/", "javascript:alert(1)", "http://" + "a" * 300 + ".net/",
    ],
)  # fmt: skip
async def test_what_is_no_http_url_is_refused(url):
    with pytest.raises(Refused):
        await reach(url, FakeNames(example_net=[PUBLIC]))


@pytest.mark.parametrize(
    "url",
    ["http://93.184.215.14/", "https://example.net/", "http://example.net:8080/", "http://EXAMPLE.net./x?y#z",
     "https://user:pw@example.net/", "http://1572394766/", "http://[64:ff9b::5db8:d70e]/", "http://[2606:4700::1111]/",
     "http://example.net:1024/"],
)  # fmt: skip
async def test_public_receivers_pass(url):
    assert await reach(url, FakeNames(example_net=[PUBLIC, "2606:4700::1111"]))


@pytest.mark.parametrize("port", [1, 22, 25, 53, 110, 143, 445, 1023])
async def test_R45_ports_of_other_services_are_refused(port):
    with pytest.raises(Refused, match="Port"):
        await reach(f"http://example.net:{port}/", FakeNames(example_net=[PUBLIC]))


async def test_R46_a_name_with_one_public_and_one_private_address_is_refused():
    for addresses in ([PUBLIC, "10.0.0.1"], ["::1", PUBLIC], [PUBLIC, "::ffff:192.168.0.1"]):
        with pytest.raises(Refused):
            await reach("http://mixed.example/", FakeNames(mixed_example=addresses))


async def test_R46_a_name_that_changes_its_address_is_checked_again_when_asked_again(monkeypatch):
    names = FakeNames(turn_example=[PUBLIC])
    guard = Guard(AllowList(), False, names)
    origin, _ = read_url("http://turn.example/")
    assert await guard.addresses(origin) == [PUBLIC]
    names.answers["turn.example"] = ["127.0.0.1"]
    assert await guard.addresses(origin) == [PUBLIC]  # within the cache's time the checked address stays
    guard._cache.clear()
    with pytest.raises(Refused):
        await guard.addresses(origin)


async def test_R48_a_name_without_an_address_reaches_nobody():
    with pytest.raises(HttpFailed, match="name_not_resolved"):
        await reach("http://nowhere.example/")
    with pytest.raises(HttpFailed, match="name_not_resolved"):
        await reach("http://odd.example/", FakeNames(odd_example=["fe80::1%eth0"]))


async def test_R50_the_allow_list_lets_networks_and_hosts_pass_with_any_port():
    allow = AllowList((ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd00::/8")), frozenset({"crm.local"}))
    names = FakeNames(crm_local=["192.168.0.7"], in_example=["10.1.2.3"], half_example=["10.1.2.3", "10.2.0.1"])
    assert await reach("http://10.1.0.9:25/", names, allow) == ["10.1.0.9"]
    assert await reach("http://[::ffff:10.1.0.9]/", names, allow)
    assert await reach("http://[fd00::9]/", names, allow) == ["fd00::9"]
    assert await reach("http://crm.local:81/", names, allow) == ["192.168.0.7"]
    assert await reach("http://in.example:99/", names, allow) == ["10.1.2.3"]
    for url in ("http://half.example/", "http://10.2.0.1/", "http://other.local/"):
        with pytest.raises(Refused):
            await reach(url, names, allow)


async def test_loopback_passes_only_where_it_is_allowed():
    names = FakeNames(localhost=["127.0.0.1", "::1"], sneaky_example=["10.0.0.1"])
    for url in ("http://127.0.0.1:9000/", "http://127.9.9.9:9000/", "http://[::1]:9000/", "http://localhost:9000/"):
        assert await reach(url, names, loopback=True)
    for url in ("http://0.0.0.0:9000/", "http://10.0.0.1/", "http://sneaky.example/", "http://127.0.0.1:25/"):
        with pytest.raises(Refused):
            await reach(url, names, loopback=True)


def test_the_request_target_is_encoded_where_it_must_be():
    assert read_url("http://example.net?x=1#part")[1] == "/?x=1"
    assert read_url("http://example.net/ä b?q=<x>&p=%20")[1] == "/%C3%A4%20b?q=%3Cx%3E&p=%20"
    assert read_url("http://example.net/a\r\nX: y")[1] == "/a%0D%0AX:%20y"
    assert read_url("https://bücher.example/")[0].host == "xn--bcher-kva.example"
