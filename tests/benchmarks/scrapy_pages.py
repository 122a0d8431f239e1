"""The pages of bench_fetch by Scrapy: URLs on standard input, its CPU seconds on standard output.

Run by bench_fetch in a process of its own: Scrapy changes the event loop of whoever imports it.
"""

import sys
import time

import scrapy
from scrapy.crawler import CrawlerProcess


class Pages(scrapy.Spider):
    name = "pages"
    got = 0

    async def start(self):
        for url in sys.stdin.read().split():
            yield scrapy.Request(url)

    def parse(self, response):
        Pages.got += response.status == 200 and bool(response.body)


def main() -> None:
    process = CrawlerProcess(
        {
            "LOG_ENABLED": False,
            "ROBOTSTXT_OBEY": True,
            "CONCURRENT_REQUESTS": 64,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 64,  # its domain is the host without the port: all twenty are one
            "DOWNLOAD_DELAY": 0,
            "TELNETCONSOLE_ENABLED": False,
        }
    )
    process.crawl(Pages)
    started = time.process_time()
    process.start()
    print(time.process_time() - started, Pages.got)


if __name__ == "__main__":
    main()
