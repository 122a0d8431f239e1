"""What each webhook needs before anything is posted to it: a key, and a host that may be reached. Posts nothing."""

import socket
from collections.abc import Callable, Iterator

from include.wirewatch.config.receivers import ReceiversFile, WebhookReceiver
from include.wirewatch.doctor.verdicts import Finding, Verdict
from include.wirewatch.guard import is_public
from include.wirewatch.signing import keys_of
from include.wirewatch.urls import host_of, is_named

Resolve = Callable[[str], list[str]]


def addresses_of(host: str) -> list[str]:
    """Every address of a host's name, without its port. Raises OSError where there is none."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    found = socket.getaddrinfo(name.strip("[]"), None, type=socket.SOCK_STREAM)
    return sorted({str(address[4][0]) for address in found})


def examine(
    receivers: ReceiversFile, open_secret: Callable[[str], str | None], resolve: Resolve = addresses_of
) -> Iterator[Finding]:
    """Each webhook's key, then its host."""
    for receiver in receivers.receivers:
        if isinstance(receiver, WebhookReceiver):
            yield Finding(f"webhook {receiver.name} key", *key(receiver.secret, open_secret(receiver.secret)))
            yield Finding(f"webhook {receiver.name} host", *host(receiver, resolve))


def key(connection: str, password: str | None) -> Verdict:
    if password is None:
        return Verdict(False, f"there is no connection {connection!r}: add it, with the key as its password")
    try:
        count = len(keys_of(password))
    except ValueError as error:
        return Verdict(False, f"the password of the connection {connection!r} is no key: {error}")
    return Verdict(True, f"connection {connection!r} holds {'a key' if count == 1 else f'{count} keys: both sign'}")


def host(receiver: WebhookReceiver, resolve: Resolve) -> Verdict:
    name = host_of(receiver.url)
    try:
        addresses = resolve(name)
    except (OSError, UnicodeError):
        return Verdict(False, f"{name}: there is no such host; correct url in receivers.yaml, or see to the DNS here")
    if is_named(receiver.url, receiver.allow_hosts):
        return Verdict(True, f"{name} is named in allow_hosts and has the address {', '.join(addresses)}")
    refused = [address for address in addresses if not is_public(address)]
    if refused:
        says = f"{name} has the address {', '.join(refused)}, which is not public"
        return Verdict(False, f"{says}: nothing is posted there unless it is named in allow_hosts")
    return Verdict(True, f"{name} has the address {', '.join(addresses)}")
