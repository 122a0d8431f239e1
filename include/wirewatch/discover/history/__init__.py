"""What a source published on one past day: its history routes (config/history.py), the first that answers.

    routes       asks the routes in their order
    sitemap      a day's sitemap, or the files of an index that cover the day (spans: what their names say)
    archive_url  a day's page of links
    wayback      what the Wayback Machine captured that day: its CDX index, then the captures in original form
    ccnews       what Common Crawl's news crawl captured that day: its WARC files (ccnews_files: which), read as streams

All network I/O is the `get` that the caller brings; ccnews reads through the Store that it is given.
"""

from include.wirewatch.discover.history.routes import Answer, Find, Gets, ask_routes

__all__ = ["Answer", "Find", "Gets", "ask_routes"]
