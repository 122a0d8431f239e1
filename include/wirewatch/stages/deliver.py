"""deliver: what is open in the outbox → the receivers, for a bounded time. The sweeper runs the same code."""

import logging
from collections.abc import Callable

from slack_sdk import WebClient

from include.wirewatch.config.receivers import ConsoleReceiver, Receiver, ReceiversFile, SlackReceiver, WebhookReceiver
from include.wirewatch.deliver.console import ConsoleChannel
from include.wirewatch.deliver.drain import Drain
from include.wirewatch.deliver.failure import NOWHERE, Where
from include.wirewatch.deliver.quiet import Quiet
from include.wirewatch.deliver.receiver import Channel
from include.wirewatch.deliver.rollup import Gathering
from include.wirewatch.deliver.slack import SlackChannel
from include.wirewatch.deliver.unconnected import UnconnectedChannel
from include.wirewatch.errors import FailuresError
from include.wirewatch.stages.report import report
from include.wirewatch.stages.services import Services, Summary, summary_line

log = logging.getLogger(__name__)
NO_SLACK = (
    "there is no Airflow connection 'slack_api_default': add it with the bot's token as its password, or make it a "
    "receiver of kind console, whose alerts appear in the log of this task"
)


class DeliveryError(FailuresError):
    """Somebody must mend a receiver or look at a refused message. No alert is lost; the sweeper goes on trying."""


def deliver(services: Services, where: Where = NOWHERE) -> Summary:
    """Drain the outbox for at most settings.deliver_s. Failures go to ops by itself: a retry may no longer see them.

    Raises:
        DeliveryError: after everything else was delivered, naming each parked receiver and each dead alert.
    """
    file = services.config.receivers().value
    drain = Drain(
        services.store,
        one_a_channel(open_channels(file, services.open_slack(), services.open_secret)),
        services.worker,
        {receiver.name: gathering_of(receiver) for receiver in file.receivers},
        {receiver.name: quiet_of(receiver) for receiver in file.receivers},
        tell=lambda failures: report(services, failures, where),
        post_interval_s=services.settings.post_interval_s,
        now=services.now,
    )
    drained = drain.run(services.settings.deliver_s)
    summary: Summary = dict(sorted(drained.counts.items()))
    log.info(summary_line("deliver.done", summary))
    if drained.failures:
        raise DeliveryError(drained.failures)
    return summary


def gathering_of(receiver: Receiver) -> Gathering:
    """When its stories are gathered under one message."""
    return Gathering(receiver.storm_stories, receiver.storm_window, receiver.group_by, receiver.group_window)


def quiet_of(receiver: Receiver) -> Quiet:
    """When it is left in peace."""
    return Quiet(receiver.quiet_hours, receiver.timezone)


def open_channels(
    file: ReceiversFile, slack: WebClient | None, open_secret: Callable[[str], str | None]
) -> dict[str, Channel]:
    """Receiver name → its channel. Without a Slack connection, what is for Slack waits until there is one."""
    channels: dict[str, Channel] = {}
    for receiver in file.receivers:
        match receiver:
            case SlackReceiver() if slack is not None:
                channels[receiver.name] = SlackChannel(slack, receiver.channel)
            case SlackReceiver():
                channels[receiver.name] = UnconnectedChannel("slack", NO_SLACK)
            case WebhookReceiver():
                # aiohttp costs a quarter of a CPU-second: only who posts to webhooks pays it.
                from include.wirewatch.deliver.webhook import WebhookChannel

                channels[receiver.name] = WebhookChannel(receiver, open_secret(receiver.secret))
            case ConsoleReceiver():
                channels[receiver.name] = ConsoleChannel(receiver.name)
    return channels


def one_a_channel(channels: dict[str, Channel]) -> dict[str, Channel]:
    """The same, with one SlackChannel for all receivers of one channel: they share its pace and one reading of it."""
    opened: dict[str, Channel] = {}
    return {
        name: opened.setdefault(channel.channel, channel) if isinstance(channel, SlackChannel) else channel
        for name, channel in channels.items()
    }
