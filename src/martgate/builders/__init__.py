"""Models and queries in Spark SQL, and the engines that run them."""
