"""Runs code as a notebook does: names live on, and the value of the last expression is shown.

`prepare` is called before the memory snapshot is made, `lock` in each process after it, `run` for each call. What runs here
can change anything of this: it can only spoil its own results. The wall is around the process.
"""

import ast
import asyncio
import gc
import inspect
import json
import linecache
import os
import random
import sys
import time
import traceback
import types

# Compiled once and kept in the snapshot: the library is there as source text.
PRELOADED = """bisect calendar cmath collections copy csv dataclasses datetime decimal enum fractions functools hashlib heapq io
itertools math numbers operator re statistics string textwrap typing unicodedata uuid"""
# Ways from Python to JavaScript. None of it is needed once this file has its own event loop.
HIDDEN = ("js", "pyodide_js", "pyodide", "_pyodide", "_pyodide_core")
MOST_FRAMES = 20


class NoFiles:
    """Stands in for a selector: without sockets, only time can wake a loop."""

    def select(self, timeout):
        if timeout is None:
            raise RuntimeError("the event loop waits for something that can't happen")
        time.sleep(max(0, timeout))
        return []


class Loop(asyncio.BaseEventLoop):
    """An event loop that runs to its end within one call, as `asyncio.run` expects; Pyodide's own needs JavaScript's."""

    def __init__(self):
        super().__init__()
        self._selector = NoFiles()

    def _process_events(self, events):
        pass

    def _write_to_self(self):
        pass


class Policy(asyncio.events._BaseDefaultEventLoopPolicy):
    _loop_factory = Loop


def prepare():
    for name in PRELOADED.split():
        __import__(name)


def lock():
    """Takes the ways to JavaScript out, and gives this process randomness of its own."""
    asyncio.run = asyncio.runners.run
    asyncio.events._set_running_loop(None)
    asyncio.events._set_event_loop_policy(Policy())
    finder = sys.modules["_pyodide._importhook"].jsfinder
    finder.jsproxies.clear()
    for name in list(sys.modules):
        if name.partition(".")[0] in HIDDEN:
            del sys.modules[name]
    for name in HIDDEN:
        sys.modules[name] = None
    sys.meta_path[:] = [one for one in sys.meta_path if type(one).__module__ != "_pyodide._importhook"]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")
    os.environ.clear()
    os.environ["HOME"] = os.getcwd()
    sys.modules["__main__"] = types.ModuleType("__main__")
    random.seed()
    gc.collect()


def make_run():
    main = sys.modules["__main__"].__dict__
    loop = Loop()
    # Held here: the code may put other things in their place.
    parse, compiled, evaluated, shown, written, dumps = ast.parse, compile, eval, repr, print, json.dumps
    awaits, coroutine, signal_exit = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, inspect.CO_COROUTINE, SystemExit
    stdout, stderr, until_complete, fresh_loop = sys.stdout, sys.stderr, loop.run_until_complete, asyncio.set_event_loop
    count = 0

    def value(code):
        result = evaluated(code, main)
        return until_complete(result) if code.co_flags & coroutine else result

    def execute(source, name):
        tree = parse(source, name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        if tree.body:
            value(compiled(tree, name, "exec", awaits))
        if last is not None:
            result = value(compiled(ast.Expression(last.value), name, "eval", awaits))
            if result is not None:
                main["_"] = result
                written(shown(result), file=stdout)

    def run(source):
        nonlocal count
        count += 1
        name = f"<call {count}>"
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        kind, error = "done", None
        try:
            fresh_loop(loop)
            execute(source, name)
        except signal_exit as ended:
            if ended.code not in (None, 0):
                kind, error = "error", f"SystemExit: {ended.code}"
        except KeyboardInterrupt:
            kind, error = "interrupted", "KeyboardInterrupt"
        except MemoryError as raised:
            kind, error = "memory", description(raised, name)
        except BaseException as raised:
            kind, error = "error", description(raised, name)
        for stream in (stdout, stderr):
            try:
                stream.flush()
            except BaseException:
                pass
        return dumps({"kind": kind, "error": error})

    return run


def description(raised, name):
    """The traceback from the code's own first line on."""
    trace = raised.__traceback__
    while trace is not None and not trace.tb_frame.f_code.co_filename.startswith("<call "):
        trace = trace.tb_next
    try:
        return "".join(traceback.format_exception(type(raised), raised, trace, limit=-MOST_FRAMES)).strip()
    except BaseException:
        return type(raised).__name__
