"""A rule's own examples: texts that it must match, and texts that it must not."""

from include.wirewatch.config.rules import RulesFile
from include.wirewatch.config.yaml_file import Path
from include.wirewatch.match.compile import Problem
from include.wirewatch.match.engine import compile_rules
from include.wirewatch.match.text import Document


def check_examples(file: RulesFile) -> list[Problem]:
    """The examples that fail, as the body of an article in each of the rule's languages. Raises RuleErrors."""
    enabled = file.model_copy(update={"rules": tuple(rule.model_copy(update={"enabled": True}) for rule in file.rules)})
    rules = compile_rules(enabled)
    problems = []
    for index, rule in enumerate(enabled.rules):
        for kind, texts in (("match", rule.match), ("no_match", rule.no_match)):
            for number, text in enumerate(texts):
                matched = any(found.rule == rule.name for found in rules.match(Document("", text)))
                if matched is not (kind == "match"):
                    path: Path = ("rules", index, kind, number)
                    verb = "does not match" if kind == "match" else "matches"
                    problems.append(Problem(path, None, f"rule {rule.name!r} {verb} its {kind} example {text!r}"))
    return problems
