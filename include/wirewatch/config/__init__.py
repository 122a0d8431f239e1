"""What analysts and ops write in YAML: sources, rules, receivers. Reading, validating, and where a mistake is."""
