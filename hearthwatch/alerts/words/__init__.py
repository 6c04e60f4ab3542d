"""What messages say, in every language; the files of words stand beside this one."""

from hearthwatch.alerts.words.catalogue import marked, say
from hearthwatch.alerts.words.event import headline, instruction, what
from hearthwatch.alerts.words.figures import look
from hearthwatch.alerts.words.letter import described, fitted, mode_of, paragraphs, title
from hearthwatch.alerts.words.short import Size, short, size

__all__ = [
    "Size", "described", "fitted", "headline", "instruction", "look", "marked", "mode_of",
    "paragraphs", "say", "short", "size", "title", "what",
]  # fmt: skip
