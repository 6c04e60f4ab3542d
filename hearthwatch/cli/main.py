"""Entry point of the command `hearthwatch`: parse, check the installation, call, report."""

from __future__ import annotations

import argparse
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from hearthwatch.cli.parser import build_parser
from hearthwatch.cli.report import Answer, print_answer, report_error

INTERRUPTED_STATUS = 130
BROKEN_PIPE_STATUS = 141
UNEXPECTED_STATUS = 70

_NEGATIVE_BOX = re.compile(r"^-[0-9.]+,")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    int
        Exit status: 0, the error's own, 130 when interrupted.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    as_json = "--json" in words
    try:
        answer = _call(_parse(words))
        print_answer(answer, as_json=as_json)
        return answer.status
    except BrokenPipeError:
        # The reader has gone; Python would complain once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE_STATUS
    except KeyboardInterrupt:
        said = "Interrupted. Nothing that was committed is lost; run again to go on from there."
        report_error("interrupted", said, as_json=as_json)
        return INTERRUPTED_STATUS
    except Exception as error:
        return _report(error, words, as_json=as_json)


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = build_parser()
    args = parser.parse_args(_with_boxes(argv))
    if args.version:
        args.handler = "hearthwatch.cli.version:version"
    elif not hasattr(args, "handler"):
        parser.print_help()
        parser.exit()
    return args


def _with_boxes(argv: Sequence[str]) -> list[str]:
    """Let a box or a point begin with a minus sign, which argparse takes for an option."""
    out: list[str] = []
    for word in argv:
        if out and out[-1] in ("--bbox", "--at", "--covers") and _NEGATIVE_BOX.match(word):
            out[-1] = f"{out[-1]}={word}"
        else:
            out.append(word)
    return out


def _call(args: argparse.Namespace) -> Answer:
    module, _, function = args.handler.partition(":")
    handler: Callable[[Any], Answer]
    if function == "version":
        handler = getattr(import_module(module), function)
        return handler(args)
    from hearthwatch.cli import recorded
    from hearthwatch.cli.call import prepare

    call = prepare(args)
    handler = getattr(import_module(module), function)
    if not recorded.is_recorded(args):
        return handler(call)
    return recorded.carried_out(call, lambda: handler(call))


def _report(error: Exception, words: Sequence[str], *, as_json: bool) -> int:
    from hearthwatch.cli.faults import in_our_words

    known = in_our_words(error)
    if known is not None:
        report_error(known.code, known.message, as_json=as_json)
        _trace_if_asked(words)
        return known.exit_status
    _trace_if_asked(words)
    said = f"unexpected {type(error).__name__}: {error}. "
    hint = "Run it again with --log-level debug to see where, and report it."
    report_error("unexpected", said + hint, as_json=as_json)
    return UNEXPECTED_STATUS


def _trace_if_asked(words: Sequence[str]) -> None:
    named = re.search(r"--log-level[= ](\w+)", " ".join(words))
    level = named[1] if named else os.environ.get("HEARTHWATCH_LOG_LEVEL", "")
    if level.lower() == "debug":
        traceback.print_exc()
