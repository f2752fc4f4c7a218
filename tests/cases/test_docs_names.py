"""Names of Python in the pages: what stands in code font exists, with the arguments and defaults that are shown."""

import ast
import importlib
import inspect
import pkgutil
import re
from functools import cache

import pytest

import dbar
from harness import ROOT
from pages import ALL_PAGES, FENCE

API = [page for page in ALL_PAGES if page.startswith("docs/api/")]
FILE = re.compile(r"\.(dat|h5md|html|json|md|py)$")


@cache
def classes():
    """Classes of the package by name; private folders may use a name again."""
    found = {}
    for info in pkgutil.walk_packages(dbar.__path__, "dbar."):
        if info.name.endswith("__main__") or ".plugins" in info.name:
            continue
        for name, one in vars(importlib.import_module(info.name)).items():
            if inspect.isclass(one) and one.__module__.startswith("dbar"):
                found.setdefault(name, set()).add(one)
    return found


def resolve(path):
    """What `dbar.x.y.Z.w` is; AttributeError or ImportError if it is nothing."""
    parts = path.split(".")
    there = dbar
    for k, part in enumerate(parts[1:], 2):
        if hasattr(there, part):
            there = getattr(there, part)
        else:
            there = importlib.import_module(".".join(parts[:k]))
    return there


def prose(page):
    return FENCE.sub("", (ROOT / page).read_text())


@pytest.mark.parametrize("page", ALL_PAGES)
def test_names_in_code_font_exist(page):
    for code in re.findall(r"`([^`\n]+)`", prose(page)):
        path = re.match(r"dbar(\.\w+)+", code)
        if path and not FILE.search(path[0]):
            try:
                resolve(path[0])
            except (AttributeError, ImportError) as error:
                raise AssertionError(f"{page}: `{code}`: {error}") from None
        method = re.match(r"(\w+)\.(\w+)", code)
        owners = classes().get(method[1], ()) if method else ()
        assert not owners or any(has(one, method[2]) for one in owners), f"{page}: `{code}`"


def has(owner, name):
    return hasattr(owner, name) or name in getattr(owner, "__annotations__", {})


def described(page):
    """(code in a heading, what it names) of a page: a method of the class above it, or a name of the page's folder."""
    module, owner = resolve(f"dbar.{page.split('/')[-1][:-3]}"), None
    for level, title in re.findall(r"^(##+) (.*)$", prose(page), re.M):
        if level == "##":
            owner = None
        for code in re.findall(r"`([^`]+)`", title):
            name = re.match(r"[\w.]+", code)[0]
            known = classes().get(name, ())
            if known and level == "##":
                owner = next(iter(known))
            if owner and owner not in known and hasattr(owner, name):
                yield code, getattr(owner, name)
            elif hasattr(module, name):
                yield code, getattr(module, name)
            elif known:
                yield code, next(iter(known))
            else:
                yield code, resolve(name) if name.startswith("dbar.") else None


@pytest.mark.parametrize("page", API)
def test_headings_name_what_exists(page):
    for code, what in described(page):
        assert what is not None, f"{page}: `{code}` of a heading does not exist"


@pytest.mark.parametrize("page", API)
def test_arguments_and_defaults_are_those_of_the_code(page):
    for code, what in described(page):
        call = re.match(r"[\w.]+\((.*)\)$", code)
        if not call or what is None:
            continue
        parameters = inspect.signature(what).parameters
        plain = re.sub(r"\([^()]*\)|\[[^\]]*\]|\{[^}]*\}", "", call[1])
        for word in filter(None, (part.strip() for part in plain.split(","))):
            name, _, default = word.partition("=")
            if name in ("...", "*", "/"):
                continue
            assert name.strip("*") in parameters, f"{page}: `{code}`: no argument {name}"
            if re.match(r"-?[\d.]|None$|True$|False$|[\"']", default):
                found = parameters[name].default
                assert found == ast.literal_eval(default), f"{page}: `{code}`: {name} is {found!r}"
