"""`python -m martgate`: the command line of whichever interpreter is asked."""

from martgate.cli.main import main

main()
