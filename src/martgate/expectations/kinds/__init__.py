"""The kinds of rules, one file each or one for a close family; `registry` lists them and `base` defines their interface."""
