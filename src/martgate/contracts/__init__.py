"""What is promised: contracts, read, linted and exported. Pure: no engine, no clock, no network."""
