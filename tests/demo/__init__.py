"""`make demo`: the real ingest_live DAG, twice, on a made-up newsroom, S3 and Slack stand-ins, all on loopback."""
