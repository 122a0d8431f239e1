import gzip
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from include.wirewatch.cli.extract import extract, to_text
from include.wirewatch.extract import extract_page

from .samples import PARAGRAPHS, URL, html, page

app = typer.Typer()
app.command()(extract)
HEAD = (
    '<meta name="author" content="Marta Ilves; Jon Okafor">'
    '<meta property="article:published_time" content="2026-01-05">'
)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
def test_a_file_becomes_one_json_object(tmp_path: Path, pack: object) -> None:
    file = tmp_path / "page.html"
    file.write_bytes(pack(html(head=HEAD)))  # type: ignore[operator]
    result = CliRunner().invoke(app, [str(file), "--url", URL, "--json"])
    article = json.loads(result.stdout)
    assert result.exit_code == 0
    assert article["text"].split("\n") == PARAGRAPHS
    assert article["author"] == "Marta Ilves; Jon Okafor"
    assert article["published"] == "2026-01-05T00:00:00+00:00"
    assert (article["method"], article["site_name"], article["language"]) == ("fast", "harbour-times.example", "en")


def test_standard_input_is_read_for_a_dash() -> None:
    result = CliRunner().invoke(app, ["-", "--json"], input=html())
    assert json.loads(result.stdout)["title"] == "Talks resume in Harbour City"


def test_a_page_without_text_exits_with_1() -> None:
    result = CliRunner().invoke(app, ["-", "--json"], input=b"%PDF-1.7")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["method_detail"] == "the body is PDF, not HTML"


def test_a_missing_file_exits_with_2_and_says_so(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [str(tmp_path / "none.html")])
    assert result.exit_code == 2
    assert result.stderr == f"{tmp_path / 'none.html'}: No such file or directory\n"


def test_people_see_the_known_fields_with_their_origins_and_the_text() -> None:
    shown = to_text(extract_page(page(html(head=HEAD))))
    assert "author:        Marta Ilves; Jon Okafor  [meta:author]" in shown
    assert "published:     2026-01-05T00:00:00+00:00  [meta:article:published_time]" in shown
    assert "section:" not in shown
    assert shown.endswith(PARAGRAPHS[-1])
