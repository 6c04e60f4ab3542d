"""The log of acts: who saw, changed, released or took out what, each entry sealing all before."""
