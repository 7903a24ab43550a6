"""What each command does, one module per command. Only these import the runner and the report."""
