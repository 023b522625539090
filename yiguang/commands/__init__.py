"""The commands, one module each. Heavy libraries are imported inside the commands that need them: `scan` starts often."""
