"""The JSON Schemas of the three files, for editors: `python -m include.wirewatch.config.schema` writes them."""

import json
from pathlib import Path

from pydantic import BaseModel

from include.wirewatch.config import receivers, rules, sources
from include.wirewatch.settings import DEFAULT_CONFIG

MODELS: dict[str, type[BaseModel]] = {
    sources.FILE: sources.SourcesFile,
    rules.FILE: rules.RulesFile,
    receivers.FILE: receivers.ReceiversFile,
}
FOLDER = Path(DEFAULT_CONFIG) / "schema"


def schema_files() -> dict[Path, str]:
    """Path → text of each schema."""
    schemas = {name.replace(".yaml", ".json"): model.model_json_schema() for name, model in MODELS.items()}
    return {FOLDER / name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in schemas.items()}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path, text in schema_files().items():
        path.write_text(text)
