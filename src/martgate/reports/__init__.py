"""How it is told: pages, terminal and machine formats of a run. Decides nothing."""
