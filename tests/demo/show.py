"""What the demo prints: messages as their readers would see them, the S3 tree, one line a stage."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.tree import Tree

from include.wirewatch.cli.show_message import panel_of
from include.wirewatch.deliver.wording import number
from include.wirewatch.store import Listed
from tests.airflow_home import TaskRun

# What is listed file by file; elsewhere lie many small objects, which are counted.
LISTED = {"raw", "clean", "matches"}


def show_channel(console: Console, name: str, messages: list[dict[str, Any]], *, whole: bool) -> None:
    """A channel as it is read: each message with its replies below it. whole: every one of them in full.

    Else what is about one article is a line.
    """
    console.print(f"[bold]#{name}[/]  [dim]{number(len(messages), 'message', 'messages')}")
    for message in sorted(messages, key=lambda message: (message["thread_ts"] or message["ts"], message["ts"])):
        title = message["blocks"][0].get("elements", [{}])[0].get("elements", [{}])[0]
        if whole or "url" not in title:
            console.print(panel_of("", message["blocks"], is_reply=bool(message["thread_ts"])))
        else:
            console.print(f"{'      ' if message['thread_ts'] else ''}• {title['text']}", highlight=False, markup=False)


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


_ORDER = ["fetch", "extract", "match", "compose", "deliver", "report_failure"]


def _stage(run: TaskRun) -> str:
    return run.task_id.rpartition(".")[2]


def _size(count: int) -> str:
    return f"{count} B" if count < 1000 else f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1e6:.1f} MB"
