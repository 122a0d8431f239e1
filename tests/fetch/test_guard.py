"""No request reaches an address that is not on the public internet, however it is written."""

import asyncio
import socket

import pytest
from aiohttp.abc import AbstractResolver

from include.wirewatch.guard import RefusedAddressError, guarded_socket, is_public
from include.wirewatch.models import Capture, Reason
from tests.fetch.conftest import client_of, fetch, reply, source_of

PUBLIC = ["8.8.8.8", "93.184.216.34", "1.1.1.1", "172.15.255.255", "172.32.0.1", "192.169.0.1", "100.63.255.255"]
PUBLIC += ["100.128.0.1", "169.253.255.255", "223.255.255.254", "2606:4700::1111", "2a00:1450:4001::200e", "2003::1"]

REFUSED = {
    "loopback": ["127.0.0.1", "127.255.255.254", "127.1.2.3", "::1"],
    "this network": ["0.0.0.0", "0.1.2.3", "::"],
    "private": ["10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "fd00::1", "fc00::1"],
    "shared, behind a carrier's NAT": ["100.64.0.1", "100.127.255.255"],
    "link-local": ["169.254.0.1", "169.254.255.255", "fe80::1", "febf::1", "fe80::1%eth0", "2606:4700::1111%1"],
    "metadata of clouds": ["169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "168.63.129.16"],
    "metadata of clouds, v6": ["fd00:ec2::254", "fd20:ce::254"],
    "site-local": ["fec0::1", "feff::1"],
    "protocol assignments": ["192.0.0.1", "192.0.0.170", "2001::1", "2001:10::1", "2001:20::1", "100::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "benchmarks": ["198.18.0.1", "198.19.255.255", "2001:2::1"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "reserved and broadcast": ["240.0.0.1", "255.255.255.255", "5f00::1", "4000::1"],
    "mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1"],
    "compatible": ["::127.0.0.1", "::8.8.8.8", "::7f00:1"],
    "NAT64": ["64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b:1::1"],
    "6to4": ["2002:7f00:1::", "2002:a00:1::1", "2002:808:808::1", "192.88.99.1"],
    "Teredo": ["2001:0:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
    "not an address": ["", "localhost", "127.1", "2130706433", "0x7f.1", "8.8.8", "8.8.8.8.", "[::1]", "08.8.8.8"],
}


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass(address):
    assert is_public(address)


@pytest.mark.parametrize(
    ("why", "address"), [(why, address) for why, addresses in REFUSED.items() for address in addresses]
)
def test_every_other_address_is_refused(why, address):
    assert not is_public(address)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with pytest.raises(RefusedAddressError, match="refused address"):
        guarded_socket((family, socket.SOCK_STREAM, 0, "", (address, 80)))


def test_the_tables_hold_at_least_sixty_refusals():
    assert sum(map(len, REFUSED.values())) >= 60


def test_other_socket_families_are_refused():
    with pytest.raises(RefusedAddressError):
        guarded_socket((socket.AF_UNIX, socket.SOCK_STREAM, 0, "", ("8.8.8.8", 80)))


SPELLINGS = """
    127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0x7f.0x0.0x0.0x1 0177.0.0.1 017700000001 localhost LOCALHOST
    localhost. 127.0.0.1. %31%32%37.0.0.1 ①②⑦.⓪.⓪.① 127。0。0。1 0 0.0.0.0 [::1] [::ffff:127.0.0.1]
    [0:0:0:0:0:ffff:7f00:1] [::127.0.0.1] user:password@127.0.0.1 8.8.8.8@127.0.0.1
"""


@pytest.mark.parametrize("spelling", SPELLINGS.split())
def test_no_spelling_of_loopback_reaches_it(site, spelling):
    site.routes["/"] = reply(b"<html>secret")
    port = site.server_address[1]
    answer = fetch(f"http://{spelling}:{port}/", source=source_of(site, allow_hosts=()), accept="listing")
    # Not every resolver knows the name `localhost.`: no such name is as good as refused.
    assert answer.reason in (Reason.REFUSED_ADDRESS, Reason.BAD_URL, Reason.CONNECTION)
    assert site.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1/",
        "data:text/html,x",
        "//127.0.0.1/",
        "http://",
        "",
    ],
)
def test_only_http_is_spoken(site, url):
    assert fetch(url, source=source_of(site), accept="listing").reason is Reason.BAD_URL
    assert site.connections == 0


class Names(AbstractResolver):
    """A resolver that answers each question with the next list of addresses."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(self, host, port=0, family=socket.AF_INET):
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": 0,
            }
            for address in addresses
        ]

    async def close(self):
        pass


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.0.0.1", "127.0.0.1"], ["::ffff:127.0.0.1"], ["::1", "127.0.0.1"], ["169.254.169.254"]],
    ids=" ".join,
)
def test_a_name_that_resolves_to_a_refused_address_is_refused(site, addresses):
    url = f"http://innocent.example:{site.server_address[1]}/"
    answer = fetch(url, source=source_of(site, allow_hosts=()), accept="listing", resolver=Names(addresses))
    assert answer.reason is Reason.REFUSED_ADDRESS
    assert site.connections == 0


def test_a_name_that_changes_its_answer_is_checked_at_every_dial(site):
    async def run():
        async with client_of(resolver=Names(["10.0.0.1"], ["127.0.0.1"], ["::1"])) as client:
            source = source_of(site, allow_hosts=())
            url = f"http://rebinding.example:{site.server_address[1]}/"
            return [await client.get(url, source=source, accept="listing") for _ in range(3)]

    assert {answer.reason for answer in asyncio.run(run())} == {Reason.REFUSED_ADDRESS}
    assert site.connections == 0


def test_a_redirect_to_a_host_that_is_not_named_is_refused(site, other_site):
    other_site.routes["/"] = reply(b"<html>secret")
    site.routes["/go"] = reply(b"", f"Location: {other_site.url}/", status="302 Found")
    answer = fetch(f"{site.url}/go", source=source_of(site), accept="listing")
    assert answer.reason is Reason.REFUSED_ADDRESS
    assert other_site.connections == 0


def test_what_one_source_may_reach_another_may_not_even_over_an_open_connection(site):
    site.routes["/"] = reply(b"<html>ours")

    async def run():
        async with client_of() as client:
            first = await client.get(f"{site.url}/", source=source_of(site), accept="listing")
            second = await client.get(f"{site.url}/", source=source_of(site, allow_hosts=()), accept="listing")
            return first, second

    first, second = asyncio.run(run())
    assert isinstance(first, Capture)
    assert second.reason is Reason.REFUSED_ADDRESS


@pytest.mark.parametrize("named", ["127.0.0.1", "localhost"])
def test_a_host_is_allowed_by_the_name_that_the_url_uses(site, named):
    site.routes["/"] = reply(b"<html>ours")
    port = site.server_address[1]
    source = source_of(site, allow_hosts=(named,))
    assert isinstance(fetch(f"http://{named}:{port}/", source=source, accept="listing"), Capture)
    other = "localhost" if named == "127.0.0.1" else "127.0.0.1"
    assert fetch(f"http://{other}:{port}/", source=source, accept="listing").reason is Reason.REFUSED_ADDRESS


def test_a_host_that_is_named_with_its_port_is_allowed_on_that_port_alone(site, other_site):
    site.routes["/"] = other_site.routes["/"] = reply(b"<html>")
    assert isinstance(fetch(f"{site.url}/", source=source_of(site), accept="listing"), Capture)
    assert fetch(f"{other_site.url}/", source=source_of(site), accept="listing").reason is Reason.REFUSED_ADDRESS


def test_proxy_settings_of_the_environment_are_ignored(site, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", site.url)
    monkeypatch.setenv("http_proxy", site.url)
    answer = fetch("http://10.0.0.1/", source=source_of(site, allow_hosts=()), accept="listing")
    assert answer.reason is Reason.REFUSED_ADDRESS
    assert site.connections == 0
