"""Twenty small web sites in a process of their own. Prints their ports, then serves until its standard input closes.

Run as `python -m tests.benchmarks.hosts`. /robots.txt is 404; any other path is a page of the corpus by its number.
"""

import asyncio
import sys

from tests.benchmarks.corpus import pages

HOSTS = 20


def answers() -> list[bytes]:
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\r\n"
    return [head.format(len(body)).encode() + body for body in pages().values()]


async def main() -> None:
    site = answers()
    gone = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                path = request.split(b" ", 2)[1].decode()
                number = path.rpartition("/")[2]
                writer.write(site[int(number) % len(site)] if number.isdigit() else gone)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    servers = [await asyncio.start_server(talk, "127.0.0.1", 0, limit=2**20, backlog=256) for _ in range(HOSTS)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
