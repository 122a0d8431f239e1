"""Fetching: one polite, bounded GET after another. What it may dial is said in wirewatch/guard.py.

robots  robots.txt as RFC 9309 reads it; robots_store remembers it for a day
host    one host's pace: how many at once, how long between, and when it asked to be left alone
client  the GET itself: redirects, limits, and an outcome for whatever goes wrong
"""

from include.wirewatch.fetch.client import Client
from include.wirewatch.fetch.robots_store import RobotsStore

__all__ = ["Client", "RobotsStore"]
