"""What `wirewatch try --json` prints: everything, as one object."""

from include.wirewatch.cli.trial import Told, Trial
from include.wirewatch.deliver.render import render_message
from include.wirewatch.match import Explanation


def to_json(trial: Trial) -> dict[str, object]:
    """Times in ISO 8601; None for what is not known."""
    page, article = trial.page, trial.article
    return {
        "decision": trial.decision,
        "matched": [rule.rule for rule in trial.matched],
        "page": {
            "outcome": page.outcome.label,
            "detail": page.outcome.detail,
            "robots": page.robots,
            "status": page.outcome.status,
            "bytes": len(page.capture.body) if page.capture else None,
            "seconds": round(page.seconds, 3),
            "final_url": page.capture.final_url if page.capture else "",
        },
        "article": article.model_dump(mode="json", exclude={"extractor", "raw"}) if article else None,
        "source": trial.source.name if trial.source else "",
        "alert_max_age_s": trial.source.alert_max_age.total_seconds() if trial.source else None,
        "rules": [_rule_json(rule) for rule in trial.rules],
        "receivers": [_told_json(told) for told in trial.told],
    }


def _rule_json(rule: Explanation) -> dict[str, object]:
    return {
        "rule": rule.rule,
        "matched": rule.match is not None,
        "match": rule.match.model_dump(mode="json") if rule.match else None,
        "sentences": [sentence.model_dump(mode="json") for sentence in rule.sentences],
        "failed": rule.failed,
        "reason": rule.reason,
    }


def _told_json(told: Told) -> dict[str, object]:
    message = render_message(told.alert) if told.alert else None
    return {
        "receiver": told.receiver.name,
        "kind": told.receiver.kind,
        "routes": list(told.routes),
        "rules": [match.rule for match in told.alert.matches] if told.alert else [],
        "silenced": [
            {"rule": match.rule, "until": silence.until.isoformat(), "reason": silence.reason}
            for match, silence in told.silenced
        ],
        "waits_for_digest": told.waits,
        "held_until": told.held_until.isoformat() if told.held_until else None,
        "message": {"text": message.text, "blocks": [block.to_dict() for block in message.blocks]} if message else None,
    }
