"""`make demo`: the real DAGs on a made-up newsroom: ingest_live twice, send_digest twice; S3 and Slack stand-ins.

Everything is on loopback.
"""
