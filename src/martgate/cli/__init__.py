"""The commands, one file a family. Heavy libraries are imported inside them, so that `--help` stays instant."""
