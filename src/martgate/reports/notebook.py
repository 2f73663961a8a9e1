"""Renders an audit as a fragment of HTML, for a notebook."""

from collections.abc import Sequence

from markupsafe import Markup, escape

from martgate.expectations.verdict import Audit, Outcome, Verdict
from martgate.text.wording import format_count

__all__ = ["render_audit"]


def render_audit(audit: Audit, reasons: Sequence[str]) -> str:
    """Render the decision, its reasons, and a row for each rule that did not pass; everything is escaped.

    Args:
        audit: the verdicts.
        reasons: why the data would not be published; empty if it would.
    """
    bad = [verdict for verdict in audit.verdicts if verdict.outcome is not Outcome.PASSED]
    passed = len(audit.verdicts) - len(bad)
    head = f"{audit.table}: {'refused' if reasons else 'passed'}"
    counts = f"{format_count(audit.rows, 'rows')}, {format_count(passed, 'rules')} passed, {len(bad)} did not"
    left_out = [f"{each.rule.name}: {each.reason}" for each in audit.out_of_scope]
    parts = [Markup("<p><b>{}</b> ({})</p>").format(head, counts)]
    if reasons:
        parts.append(Markup("<ul>{}</ul>").format(Markup("").join(map(Markup("<li>{}</li>").format, reasons))))
    if bad:
        names = Markup("").join(
            map(Markup("<th>{}</th>").format, ("rule", "outcome", "failed", "of", "states", "examples"))
        )
        rows = Markup("").join(map(_render_row, bad))
        parts.append(Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(names, rows))
    if left_out:
        items = Markup("").join(map(Markup("<li>{}</li>").format, left_out))
        summary = format_count(len(left_out), "rules") + " out of scope"
        parts.append(Markup("<details><summary>{}</summary><ul>{}</ul></details>").format(summary, items))
    return str(Markup("\n").join(parts))


def _render_row(verdict: Verdict) -> Markup:
    examples = "; ".join(
        ", ".join(f"{column} = {value}" for column, value in example.items()) for example in verdict.examples[:3]
    )
    of = f"{verdict.total} {verdict.unit}"
    sentence = verdict.reason or verdict.observed or verdict.rule.sentence
    cells = (verdict.rule.name, verdict.outcome.value, verdict.failed, of, sentence, examples)
    return Markup("<tr>{}</tr>").format(Markup("").join(Markup("<td>{}</td>").format(escape(cell)) for cell in cells))
