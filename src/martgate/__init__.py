"""The gate: write, audit, publish. The composition root, which nothing imports."""
