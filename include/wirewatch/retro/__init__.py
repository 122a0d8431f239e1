"""Rules on the past: what of the archive a query finds, and what a rules file would have alerted.

files    the archive's files on this machine: a local copy, or S3 with a cache
scan     the articles of a day that rules match: DuckDB names those that may, the one rule engine decides
search   one query: its newest articles, each with its best sentence
tally    what a rules file matched: a day, a rule, and the words that it matched by
forecast how many alerts that is a day for each receiver
backtest the three together, and one rules file against another
"""
