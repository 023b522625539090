"""Kinds of misbehaviour; importing a module registers what it describes."""
