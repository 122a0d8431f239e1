"""Wirewatch: news sources in, archived copies and Slack alerts out.

The pipeline, in the order in which it runs:

    frontier   what each source has shown us, and when to poll it next
    discover   a source → the entries it lists
    fetch      an entry → a capture, politely and never to a private address
    archive    captures → raw copies; articles → clean copies; both in S3
    extract    a capture → an article
    match      an article × the rules → matches
    deliver    matches → alerts → receivers, once each

`stages` is the only module that combines these steps; each of its functions is one Airflow task.
Nothing below this package imports airflow.
"""
