"""`python -m martgate`: the command line, with the interpreter that runs it."""

from martgate.cli.main import main

main()
