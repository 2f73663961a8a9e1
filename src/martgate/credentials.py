"""Decides what in a text is a password, a token or a key, and hides it; settings and errors are shown through it."""

import re

__all__ = ["hide_credentials"]

_HIDDEN = "***"
_NAME = (
    r"[\w.-]*(?:passw(?:or)?d|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|account[_-]?key"
    r"|private[_-]?key|credential|signature)[\w.-]*"
)
"""Names of parameters and variables whose values are credentials, as in `sslpassword` and `aws_session_token`."""

_TOKENS = (
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # ids of AWS keys
    r"|\bdapi[0-9a-f]{32}(?:-\d+)?\b"  # Databricks
    r"|\bgh[oprsu]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"  # JSON web tokens
)
_RULES = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        # A password may itself have `@`, `/` and `?`: it ends at the last `@`.
        (r"(\b[a-z][a-z0-9+.-]*://[^\s:/@?#'\"]*):[^\s'\"]*@", rf"\1:{_HIDDEN}@"),
        (r"(\bhttps?://)[^\s:/@?#'\"]+@", rf"\1{_HIDDEN}@"),
        (rf"([?&;](?:{_NAME}|sig|pass|auth|key|code|sas)=)[^\s&;'\"]+", rf"\1{_HIDDEN}"),
        (rf"(\b{_NAME}=)(?!\*\*\*)(?:'[^']*'|\"[^\"]*\"|[^\s&;,'\"]+)", rf"\1{_HIDDEN}"),
        (rf"(['\"]{_NAME}['\"]\s*:\s*)(?:'[^']*'|\"[^\"]*\")", rf"\1'{_HIDDEN}'"),
        (r"(\bBearer\s+)[\w.~+/=-]{8,}", rf"\1{_HIDDEN}"),
        (rf"(?-i:{_TOKENS})", _HIDDEN),
    )
)


def hide_credentials(text: str) -> str:
    """Replace passwords, tokens and keys in a text by `***`: in URLs, in parameters, and where their form shows them.

    >>> hide_credentials("postgresql://ada:s3cret@db/x?sslpassword=abc&sslmode=require")
    'postgresql://ada:***@db/x?sslpassword=***&sslmode=require'
    """
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
