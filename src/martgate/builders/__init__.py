"""How tables are made: one definition in Spark SQL, run by whichever engine is at hand."""
