"""The shortened waits, in the proportions of the real ones: a lease outlasts the settling, that a call to Slack."""

from datetime import timedelta

SETTLE = timedelta(seconds=4)
LEASE = timedelta(seconds=5.5)
SLACK_TIMEOUT_S = 1
