"""The kinds of checks: one file each, or one for a close family. `registry` names them all; `base` says what each answers."""
