"""The JSON Schemas of the three files, for editors: `python -m include.wirewatch.config.schema` writes them."""

import json
from pathlib import Path

from include.wirewatch.config import receivers, rules, sources
from include.wirewatch.settings import DEFAULT_CONFIG

MODELS = {sources.FILE: sources.SourcesFile, rules.FILE: rules.RulesFile, receivers.FILE: receivers.ReceiversFile}
FOLDER = Path(DEFAULT_CONFIG) / "schema"


def schema_files() -> dict[Path, str]:
    """Path → text of each schema."""
    return {
        FOLDER / name.replace(".yaml", ".json"): json.dumps(model.model_json_schema(), indent=2, ensure_ascii=False) + "\n"
        for name, model in MODELS.items()
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path, text in schema_files().items():
        path.write_text(text)
