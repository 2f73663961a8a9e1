"""What is checked, and what was found: rules born from a contract, and the verdicts on them."""
