"""Fetching: CPU of the polite, guarded client beside a bare aiohttp loop over the same 2,000 pages of 20 hosts.

And politeness at scale: one slow host among twenty must not hold up the others.
"""

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.util import find_spec

import aiohttp

from include.wirewatch.config.sources import Source
from include.wirewatch.fetch import Client
from include.wirewatch.models import Capture

PAGES = 2_000
PAIRS = 5
IN_FLIGHT = 64
PER_HOST = 2  # what a source has by default; the bare loop is held to it too
AIM = 1.5
Fetch = Callable[[list[str]], Awaitable[int]]


def main() -> None:
    hosts = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.hosts"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert hosts.stdout is not None
    try:
        ports = hosts.stdout.readline().split()
        if not ports:
            sys.exit("the pages' servers did not start")
        urls = [f"http://127.0.0.1:{ports[n % len(ports)]}/{n}" for n in range(PAGES)]
        compare(urls)
        asyncio.run(one_slow_host(urls, ports[0]))
    finally:
        hosts.communicate("", timeout=10)


def compare(urls: list[str]) -> None:
    ours, theirs = [], []
    for _ in range(PAIRS):
        theirs.append(cpu_s(bare, urls))
        ours.append(cpu_s(polite, urls))
    ratio = statistics.median(our / their for our, their in zip(ours, theirs, strict=True))
    print(f"CPU s per 1,000 pages: ours {per_thousand(ours):.2f}, bare aiohttp {per_thousand(theirs):.2f}")
    scrapy = beside_scrapy(urls)
    if scrapy is None:
        print("Scrapy: left out, for it is not installed; `make bench` does that")
    else:
        print(f"Scrapy {per_thousand([scrapy]):.2f}, Scrapy / ours: {scrapy / min(ours):.1f}")
    print(f"ours / bare: {ratio:.2f} (aim: at most {AIM:g})  {'reached' if ratio <= AIM else 'MISSED'}")


def beside_scrapy(urls: list[str]) -> float | None:
    """CPU s of Scrapy for the same pages, robots.txt obeyed as well; its own start and imports not counted."""
    if find_spec("scrapy") is None:
        return None
    command = [sys.executable, "-m", "tests.benchmarks.scrapy_pages"]
    done = subprocess.run(command, input="\n".join(urls), capture_output=True, text=True, check=True, timeout=120)
    seconds, got = done.stdout.split()
    assert int(got) == len(urls), f"{got} of {len(urls)} pages"
    return float(seconds)


def per_thousand(seconds: list[float]) -> float:
    return min(seconds) / PAGES * 1000


def cpu_s(fetch: Fetch, urls: list[str]) -> float:
    started = time.process_time()
    got = asyncio.run(fetch(urls))  # type: ignore[arg-type]
    assert got == len(urls), f"{got} of {len(urls)} pages"
    return time.process_time() - started


async def bare(urls: list[str]) -> int:
    gate = asyncio.Semaphore(IN_FLIGHT)
    timeout = aiohttp.ClientTimeout(total=60)
    connector = aiohttp.TCPConnector(limit=0, limit_per_host=PER_HOST)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:

        async def one(url: str) -> int:
            async with gate, session.get(url) as response:
                return int(bool(await response.read()) and response.status == 200)

        return sum(await asyncio.gather(*map(one, urls)))


def source_of(url: str, delay_s: float = 0) -> Source:
    host = url.split("/")[2]
    return Source(
        name="bench",
        publisher="Bench",
        kind="feed",
        url=f"http://{host}/feed",
        delay_s=delay_s,
        concurrency=PER_HOST,
        allow_hosts=(host,),
    )


async def polite(urls: list[str]) -> int:
    sources = {host: source_of(f"http://{host}/") for host in {url.split("/")[2] for url in urls}}
    async with Client(user_agent="Wirewatch/bench (benchmark)", timeout_s=60, max_body_bytes=3_000_000) as client:

        async def one(url: str) -> int:
            # Like the other loop it drops each page at once: keeping 500 MB would measure the memory.
            return int(isinstance(await client.get(url, source=sources[url.split("/")[2]]), Capture))

        return sum(await asyncio.gather(*map(one, urls)))


async def one_slow_host(urls: list[str], slow_port: str) -> None:
    """Every host but one without a pause, that one with 0.1 s: the others must not wait for it."""
    ended: dict[bool, float] = {}
    started = time.monotonic()
    async with Client(user_agent="Wirewatch/bench (benchmark)", timeout_s=60, max_body_bytes=3_000_000) as client:

        async def one(url: str) -> None:
            is_slow = f":{slow_port}/" in url
            await client.get(url, source=source_of(url, 0.1 if is_slow else 0))
            ended[is_slow] = time.monotonic() - started

        await asyncio.gather(*map(one, urls))
    slow = sum(f":{slow_port}/" in url for url in urls)
    others = f"the other {len(urls) - slow} pages {ended[False]:.1f} s"
    print(f"one host of {slow} pages with a pause of 0.1 s took {ended[True]:.1f} s, {others}")


if __name__ == "__main__":
    main()
