"""Options that several commands have."""

from typing import Annotated

import typer

Config = Annotated[str, typer.Option(help="Directory or s3:// prefix of the YAML files.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
