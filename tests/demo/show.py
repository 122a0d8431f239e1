"""What the demo prints: alerts as an analyst would see them, the S3 tree, one line a stage."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any

from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text
from rich.tree import Tree

from include.wirewatch.store import Listed
from tests.airflow_home import TaskRun

# What is listed file by file; elsewhere lie many small objects, which are counted.
LISTED = {"raw", "clean", "matches"}


def show_alert(console: Console, message: dict[str, Any]) -> None:
    """One Slack message as a panel, from the very blocks that were posted; a reply is set in."""
    title, *rest = message["blocks"]
    link = title["elements"][0]["elements"][0]
    lines = [line for block in rest for line in _lines(block)]
    lines.append(Text(link.get("url", ""), style="blue underline", overflow="ellipsis", no_wrap=True))
    panel = Panel(Group(*lines), title=Text(link["text"], style="bold"), title_align="left", padding=(0, 1))
    console.print(Padding(panel, (0, 0, 0, 6)) if message["thread_ts"] else panel)


def show_stages(console: Console, runs: Iterable[TaskRun]) -> None:
    """`fetch    1.9 s  entries=34 fetched=27 …`: shards added up."""
    ran = [run for run in runs if run.state != "skipped"]
    for stage, tasks in groupby(sorted(ran, key=lambda run: _ORDER.index(_stage(run))), key=_stage):
        together = list(tasks)
        counts: defaultdict[str, int] = defaultdict(int)
        for task in together:
            for name, value in (task.result or {}).items():
                if isinstance(value, int):
                    counts[name] += value
        seconds = sum(task.seconds for task in together)
        state = "" if all(task.state == "success" for task in together) else f"  [{together[0].state}]"
        shown = "  ".join(f"{name}={value}" for name, value in counts.items())
        console.print(f"  {stage:<8} {seconds:5.1f} s  {shown}{state}", highlight=False, soft_wrap=True)


def show_store(console: Console, url: str, stored: Iterable[Listed]) -> None:
    """The S3 tree with sizes."""
    tree = Tree(f"[bold]{url}")
    for top, listed in groupby(stored, key=lambda item: item.key.partition("/")[0]):
        items = list(listed)
        if items[0].key == top:
            tree.add(f"{top}  [dim]{_size(items[0].size)}")
            continue
        objects = "1 object" if len(items) == 1 else f"{len(items)} objects"
        branch = tree.add(f"{top}/  [dim]{objects}, {_size(sum(item.size for item in items))}")
        if top not in LISTED:
            continue
        for day, files in groupby(items, key=lambda item: item.key.rpartition("/")[0].rpartition("/")[2]):
            leaf = branch.add(f"{day}/")
            for item in files:
                leaf.add(f"{item.key.rpartition('/')[2]}  [dim]{_size(item.size)}")
    console.print(tree, highlight=False, soft_wrap=True)


_ORDER = ["fetch", "extract", "match", "deliver", "report_failure"]


def _stage(run: TaskRun) -> str:
    return run.task_id.rpartition(".")[2]


def _lines(block: dict[str, Any]) -> list[Text]:
    if block["type"] == "context":
        return [Text("  ").join(_context(element) for element in block["elements"])]
    return [Text("  ▏ ").append_text(_rich(element)) for element in block["elements"]]


def _rich(element: dict[str, Any]) -> Text:
    text = Text()
    for part in element["elements"]:
        text.append(part["text"], style="bold yellow" if part.get("style", {}).get("bold") else "")
    return text


def _context(element: dict[str, Any]) -> Text:
    content = element["text"]
    if element["type"] == "mrkdwn" and content.startswith("<!date^"):
        stamp = datetime.fromtimestamp(int(content.split("^")[1])).astimezone()
        content = f"{stamp:%a %d %b %H:%M}"
    return Text(content, style="dim")


def _size(count: int) -> str:
    return f"{count} B" if count < 1000 else f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1e6:.1f} MB"
