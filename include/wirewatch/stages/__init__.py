"""One function per Airflow task; the only package that combines steps.

    fetch.fetch          sources → one raw batch
    history.fetch_day    the same for one day of the past, in slices
    extract.extract      raw batch → one clean batch
    match.match          clean batch × rules → one matches batch, and alerts in the outbox
    judge                what is to become of an article's matches (pure)
    batches              extract and match for all the slices of a day in one task
    deliver.deliver      outbox → receivers
    digest.digest        matches of a day → one bulletin a receiver, in the outbox
    backfill.summarise   matches of a quiet run's day → one edited bulletin a receiver, a reply a day, in the outbox
    finish.finish        the sweeper: extract and match what some run left unfinished
    watch.watch          nothing is polled, sources are dead, the doctor finds something → ops
    compact.compact      days that have settled → one Parquet file each
    reprocess            stored copies of a day → today's extractor, today's rules, one summary
    report.report        failures → the outbox, for ops; what every task's callback calls

Each returns keys and counts as plain JSON, never bodies. Each may be run again at any time: it finds what is done.
Import the one that is needed: every task is a process of its own, and all of them together cost it half a second more.
"""
