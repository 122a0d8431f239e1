"""Alerts under fire: workers that are killed, an S3 and a Slack that fail. `make chaos`; see chaos.py."""
