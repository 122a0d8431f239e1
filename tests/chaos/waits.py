"""The shortened waits, in the proportions of the real ones: a lease outlasts the settling, that a call to Slack."""

SETTLE_S = 4.0
LEASE_S = 5.5
SLACK_TIMEOUT_S = 1
