"""What every benchmark prints around its figures: machine, versions, threads; and Markdown tables."""

import os
import platform
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

from threadpoolctl import threadpool_info

WARM_UP = 0.3
RESULTS = Path(__file__).resolve().parent / "results"
PACKAGES = ("numpy", "scipy", "scikit-learn", "hmmlearn", "skgen")
#: Named where they are in use.
DEEP_PACKAGES = ("torch", "skorch", "zuko")


def best_of(call, repeats=3):
    """Seconds of the fastest of several calls, and its result; with repeats above 1 after calls to warm up.

    Warming up takes a third of a second at least: until then idle threads of a linear algebra library that was just
    used keep a core busy, and threads that were just woken share one.
    """
    start = perf_counter()
    while repeats > 1 and perf_counter() - start < WARM_UP:
        call()
    best, result = float("inf"), None
    for _ in range(repeats):
        start = perf_counter()
        value = call()
        seconds = perf_counter() - start
        if seconds < best:
            best, result = seconds, value
    return best, result


def machine():
    """Processor, cores this process may use, threads of the numeric libraries, versions."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = ", ".join(f"{info['internal_api']} {info['num_threads']}" for info in threadpool_info())
    used = [*PACKAGES, *(name for name in DEEP_PACKAGES if name in sys.modules)]
    packages = ", ".join(f"{name} {version(name)}" for name in used)
    return [
        f"* machine: {model}, {cores} cores, {gpu()}, {platform.system()}",
        f"* threads: {threads}",
        f"* Python {platform.python_version()}, {packages}",
        f"* {date.today().isoformat()}",
    ]


def gpu():
    """The GPU that torch finds, if torch is in use."""
    cuda = sys.modules["torch"].cuda if "torch" in sys.modules else None
    return cuda.get_device_name() if cuda is not None and cuda.is_available() else "no GPU"


def table(header, rows):
    """A Markdown table with columns padded to one width."""
    cells = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[j]) for row in cells) for j in range(len(header))]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths)) + " |" for row in cells]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return lines


def publish(name, title, sections, write):
    """Print the report; with `write`, also put it into results/NAME.md.

    Parameters
    ----------
    name : str
        File name without ending.
    title : str
        First line.
    sections : list of (str, list of str)
        Headings with their lines.
    write : bool
        Whether to write the file.
    """
    lines = [f"# {title}", "", *machine()]
    for heading, body in sections:
        lines += ["", f"## {heading}", "", *body]
    text = "\n".join(lines) + "\n"
    print(text)
    if write:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.md").write_text(text)
        print(f"Written to {RESULTS / name}.md")
