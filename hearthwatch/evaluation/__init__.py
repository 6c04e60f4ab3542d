"""How good a detector is: reports of a replay held against what is known to have happened.

Pure but for the reading of the truth file: the replay itself belongs to the command.
"""
