"""Fuzzing in a process of its own, so that a crash or a hang is a failed example, not the end.

The number of examples of each test is that of `make test`, times the environment variable
``DBAR_FUZZ`` (a whole number; 1 when it is not set).
"""

import json
import os
import select
import subprocess
import sys
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from harness import environment
from patience import Limit, end_of

MANY = int(os.environ.get("DBAR_FUZZ", "1"))
TIMEOUT = 60  # seconds; the longest example takes about one on a busy machine

# Words that are known to upset parsers, and text of all kinds without what would end a word.
NASTY = [
    "nan", "inf", "-inf", "1e308", "-1e308", "1e-320", "-1", "0", "-0.0", "00", "1.5", "0x10", "1e2",
    "2147483647", "2147483648", "-2147483649", "99999999999999999999", "1e9999", "yes", "no", "none",
    "NULL", "*", "1*", "c_d", "c_d[1]", "v_x", "f_s", "{}", "{0}", "%s%n", "a" * 300, "1" * 400,
    "virial", "average", "twojmax", "cv", "every", "store", "-", "+", ".", ",", ":", "a:", ":a", "1,2",
]  # fmt: skip
_PLAIN = "".join(chr(c) for c in range(33, 127) if chr(c) not in "/\\&#$\"'")
nasty_words = st.one_of(st.sampled_from(NASTY), st.text(_PLAIN, min_size=1, max_size=12))


def examples(count):
    """Settings of a fuzzing test: fixed examples, no time limit of their own."""
    return settings(
        max_examples=count * MANY,
        derandomize=MANY == 1,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink] if MANY > 1 else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


class Worker:
    """The process that does what may crash; started anew after it did."""

    def __init__(self, folder):
        self.folder = folder
        self.process = None

    def ask(self, **request):
        """Answer to a request; AssertionError when there is none."""
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("fuzz_worker.py"))],
                cwd=self.folder,
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=(self.folder / "stderr.txt").open("w"),
                text=True,
            )
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        limit, ready = Limit(TIMEOUT), []
        while not ready and not limit.reached():
            ready, _, _ = select.select([self.process.stdout], [], [], 0.5)
        answer = self.process.stdout.readline() if ready else ""
        if answer:
            return json.loads(answer)
        self.process.kill()
        code = self.process.wait()
        self.process = None
        said = (self.folder / "stderr.txt").read_text(errors="replace")[-1500:]
        raise AssertionError(f"{'died' if ready else 'hangs'}, exit code {code}: {said}")

    def close(self):
        """End the process."""
        if self.process is not None:
            end_of(self.process, TIMEOUT)  # closes its standard input


@st.composite
def spoilt(draw, pairs):
    """A command with one word replaced, left out, doubled or put in.

    `pairs` are (owner, word): the keyword or name that a message about the word may name instead.
    Returns the words, and the texts of which the error must contain one.
    """
    k = draw(st.integers(0, len(pairs) - 1))
    how = draw(st.sampled_from(["replace", "replace", "replace", "leave out", "double", "put in"]))
    bad = draw(nasty_words)
    words = [word for _, word in pairs]
    near = [text for pair in pairs[max(0, k - 1) : k + 3] for text in pair]
    if how == "replace":
        words[k] = bad
    elif how == "put in":
        words.insert(k, bad)
    elif how == "double":
        words.insert(k, words[k])
    else:
        del words[k]
    return words, [bad[:20], *near] if how in ("replace", "put in") else near


DEPTH = 100_000  # of brackets, enough to exhaust the stack of who goes down one call for each
_DEEP = "so many brackets"


_LONG = ["[" * DEPTH, "1" * 400, "9" * 5000]


@st.composite
def spoilt_text(draw, text):
    """Text with some characters of it changed."""
    at = draw(st.integers(0, len(text)))
    length = draw(st.sampled_from([0, 1, 2, 40, 10**6]))
    put = draw(st.one_of(st.text(max_size=4), st.sampled_from(_LONG)))
    return text[:at] + put + text[at + length :]


@st.composite
def spoilt_json(draw, content):
    """JSON text with one value replaced or left out, or with some characters of it changed."""
    text = json.dumps(content)
    if draw(st.booleans()):
        return draw(spoilt_text(text))
    value = json.loads(text)
    node = value
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = keys[draw(st.integers(0, len(keys) - 1))]
        if isinstance(node[key], (dict, list)) and node[key] and draw(st.integers(0, 3)):
            node = node[key]
            continue
        break
    values = [
        None,
        True,
        [],
        {},
        "",
        "x",
        0,
        -1,
        1.5,
        1e308,
        10**30,
        [1, 2],
        [[1]],
        {"a": 1},
        "é{}%n",
    ]
    values += [float("nan"), float("inf"), "1" * 5000, [[]], "\0", "\ud800", 2**31, "-1", "1e99"]
    values += [10**400, -(10**400), _DEEP]
    if draw(st.integers(0, 4)):
        node[key] = draw(st.sampled_from(values))
    else:
        del node[key]
    return json.dumps(value).replace(json.dumps(_DEEP), "[" * DEPTH + "]" * DEPTH)
