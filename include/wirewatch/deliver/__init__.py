"""Matches → alerts → receivers.

route     which receivers get which matches (pure)
outbox    alerts still to be delivered, one S3 object each
offer     the first alert about an article, or addenda to it → the outbox
story     which alerts are copies of one text: they become replies
rollup    which stories are gathered in one thread: a group's, a storm's (pure)
quiet     when a receiver is left in peace (pure)
thread    where in the channel an alert goes (pure)
stored    an object in S3 as a record, or an error that names it
log       the delivery log: what was sent, to whom; permanent, compare-and-swap
decide    what to do with one alert now (pure)
due       whose digest is due; digest: one receiver's day as a bulletin (both pure)
backfill  what a quiet run's days have brought one receiver, as bulletins (pure)
render    an alert as a message (pure); bulletin: the same for what is not about one article
failure   what somebody must mend, as bulletins for ops (pure)
wording   numbers and lists of names as a reader would say them (pure)
safe_text untrusted text and addresses made safe for either (pure)
slack, console   one module per receiver kind, all of the shape of `receiver.Channel`
drained   what a drain did, and what somebody has to mend (pure)
posting   one message, from claim to sent
busy      what a receiver asked us to wait, for later drains
pace      when a receiver may be posted to, within one drain
trouble   what an error of one message means for the rest of a drain
drain     the loop: outbox → decide → posting → outbox
"""
