"""Configures the template engine for all pages: templates of `reports/site`, escaping, and a strict content policy."""

import base64
import hashlib
import re
from pathlib import Path

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from martgate.reports.appearance import Appearance
from martgate.text.wording import shorten_names

__all__ = ["configure_environment"]

_SITE = Path(__file__).with_name("site")


def configure_environment(env: Environment, appearance: Appearance) -> None:
    """Configure an environment in place: our templates before its own, all text escaped, style and script embedded.

    Args:
        env: The environment.
        appearance: The look that the project sets for its pages.
    """
    loaders: list[BaseLoader] = [FileSystemLoader(_SITE)]
    env.loader = ChoiceLoader([*loaders, env.loader] if env.loader else loaders)
    env.autoescape = True  # the templates are *.j2, which the usual choice by *.html would leave unescaped
    env.undefined = StrictUndefined
    env.trim_blocks = env.lstrip_blocks = True
    style, script = ((_SITE / name).read_text(encoding="utf-8") for name in ("style.css", "filter.js"))
    style += appearance.stylesheet
    env.globals |= {"style": Markup(style), "script": Markup(script), "policy": _policy(style, script)}  # noqa: S704 - our own files, and rules that cannot leave their element
    env.globals["site"] = appearance
    env.filters |= {"anchor": _anchor, "breakable": _breakable, "brief": shorten_names}


def _anchor(name: str) -> str:
    """A fragment of the page that is the same for every run."""
    return "rule-" + re.sub(r"[^\w.-]+", "-", name)


def _breakable(name: str) -> Markup:
    """A long name with line breaks allowed after its dots and bars."""
    return Markup("<wbr>").join(re.split(r"(?<=[.|])", name))


def _policy(style: str, script: str) -> str:
    """A policy that loads nothing and allows only this style and this script."""
    style_hash, script_hash = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)
    )
    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{style_hash}'; script-src 'sha256-{script_hash}'; "
        "base-uri 'none'; form-action 'none'"
    )
