"""deliver: what is open in the outbox → the receivers, for a bounded time. The sweeper runs the same code."""

import logging

from slack_sdk import WebClient

from include.wirewatch.config.receivers import ConsoleReceiver, ReceiversFile, SlackReceiver
from include.wirewatch.deliver.console import ConsoleChannel
from include.wirewatch.deliver.drain import Drain
from include.wirewatch.deliver.receiver import Channel
from include.wirewatch.deliver.slack import SlackChannel
from include.wirewatch.deliver.story import Storming
from include.wirewatch.errors import FailuresError
from include.wirewatch.stages.services import Services, Summary, summary_line

log = logging.getLogger(__name__)


class DeliveryError(FailuresError):
    """Somebody must mend a receiver or look at a refused message. No alert is lost; the sweeper goes on trying."""


def deliver(services: Services) -> Summary:
    """Drain the outbox for at most settings.deliver_s.

    Raises:
        DeliveryError: after everything else was delivered, naming each parked receiver and each dead alert.
    """
    file = services.config.receivers().value
    drain = Drain(
        services.store,
        open_channels(file, services.open_slack()),
        services.worker,
        {receiver.name: Storming(receiver.storm_stories, receiver.storm_window) for receiver in file.receivers},
        post_interval_s=services.settings.post_interval_s,
        now=services.now,
    )
    drained = drain.run(services.settings.deliver_s)
    summary: Summary = dict(sorted(drained.counts.items()))
    log.info(summary_line("deliver.done", summary))
    if drained.failures:
        raise DeliveryError(drained.failures)
    return summary


def open_channels(file: ReceiversFile, slack: WebClient | None) -> dict[str, Channel]:
    """Receiver name → its channel. Without a Slack connection, Slack receivers print into the task log instead."""
    channels: dict[str, Channel] = {}
    for receiver in file.receivers:
        match receiver:
            case SlackReceiver() if slack is not None:
                channels[receiver.name] = SlackChannel(slack, receiver.channel)
            case SlackReceiver():
                log.warning(
                    "there is no connection 'slack_api_default': alerts for %r appear in this log", receiver.name
                )
                channels[receiver.name] = ConsoleChannel(receiver.name)
            case ConsoleReceiver():
                channels[receiver.name] = ConsoleChannel(receiver.name)
    return channels
