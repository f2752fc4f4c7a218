"""Make the page "validation" of what the examples found: numbers, tables, pictures.

    make docs-figures                              # runs the examples, then this
    python examples/validation.py                  # of what lies in examples/NAME/out
    python examples/validation.py al-shear=FOLDER  # of FOLDER/out instead

Numbers of an example go into docs/theory/validation/numbers.json, its pictures beside it, and the
page is made of that file and of validation.md.jinja: no number of the page is typed by hand.
Examples without an out/ folder keep the numbers and pictures that are there. `recorded-NAME` are
the same figures of the recorded replicas of NAME (tests/helpers/recorded.py), in build/recorded.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from dbar.files.atomic import replacing

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PAGE = ROOT / "docs/theory/validation.md"
STORE = ROOT / "docs/theory/validation"
TEMPLATE = "validation.md.jinja"
EXAMPLES = ("al-tension", "al-shear", "pt-anneal", "cu-melt")
MOST = 3  # decimals of a value whose error is small
COLOURS = 96  # of a picture, so that it is small


class ValidationError(RuntimeError):
    """The page cannot be made; the message says why."""


def main(argv=None) -> int:
    """Collect what the examples found, write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "folder", nargs="*", help="NAME=FOLDER: where an example has its out/, if not in its place"
    )
    try:
        places = folders(parser.parse_args(argv).folder)
        numbers = collect(places)
        page = render(numbers)
        sources = pictures(page, places)
    except ValidationError as error:
        print(error, file=sys.stderr)
        return 1
    STORE.mkdir(exist_ok=True)
    for picture, source in sources.items():
        shrink(source, STORE / picture)
    for picture in STORE.glob("*.png"):
        if picture.name not in shown(page):
            picture.unlink()
    write(STORE / "numbers.json", dump(numbers))
    write(PAGE, page)
    print(f"{PAGE} of {', '.join(numbers)}; new: {', '.join(places) or 'none'}")
    return 0


def folders(words) -> dict[str, Path]:
    """Example -> folder that holds its out/, of those that have been run."""
    places = {name: HERE / name for name in EXAMPLES}
    places |= {f"recorded-{name}": ROOT / "build/recorded" / name for name in EXAMPLES}
    for word in words:
        name, sign, folder = word.partition("=")
        if not sign or name.removeprefix("recorded-") not in EXAMPLES:
            raise ValidationError(
                f"folder: found {word!r}, expected NAME=FOLDER with NAME one of "
                f"{', '.join(EXAMPLES)}, or recorded- before it"
            )
        places[name] = Path(folder)
        if not (places[name] / "out/numbers.json").exists():
            raise ValidationError(
                f"{places[name]}: found no out/numbers.json, expected that of {name}"
            )
    return {name: p for name, p in places.items() if (p / "out/numbers.json").exists()}


def collect(places) -> dict:
    """Numbers of all examples: those that are kept, and new ones in their place."""
    numbers = read(STORE / "numbers.json") if STORE.exists() else {}
    for name, folder in places.items():
        numbers[name] = read(folder / "out/numbers.json")
    return dict(sorted(numbers.items()))


def read(path: Path) -> dict:
    """Numbers of a file, all of them finite."""

    def refuse(word):
        raise ValidationError(f"{path}: found {word}, expected finite numbers, or null for none")

    return json.loads(path.read_text(), parse_constant=refuse)


def shown(page: str) -> set[str]:
    """Names of the pictures on the page."""
    return set(re.findall(r"\(validation/([\w-]+\.png)\)", page))


def pictures(page: str, places) -> dict[str, Path]:
    """Where each picture of the page is made, of those whose example was run."""
    found = {}
    for picture in sorted(shown(page)):
        owners = [name for name in places if picture.startswith(f"{name}-")]
        if owners:
            owner = max(owners, key=len)
            found[picture] = places[owner] / "out" / picture.removeprefix(f"{owner}-")
            if not found[picture].exists():
                raise ValidationError(
                    f"{found[picture].parent}: found no {found[picture].name}, expected the "
                    f"figures of {owner}; run it again"
                )
        elif not (STORE / picture).exists():
            raise ValidationError(
                f"picture: found no {picture} in {STORE} and no out/ of its example, expected one"
            )
    return found


def render(numbers) -> str:
    """The page; an error names a number that the template wants and nobody has found."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, UndefinedError

    env = Environment(
        loader=FileSystemLoader(HERE), undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    env.filters |= {"sig": significant, "pm": plus_minus, "to": from_to}
    try:
        return env.get_template(TEMPLATE).render(found=numbers)
    except UndefinedError as error:
        raise ValidationError(f"{TEMPLATE}: {error}; found examples {', '.join(numbers)}") from None


def significant(value, digits=2) -> str:
    """A number with so many significant digits, without an exponent; - where there is none."""
    if value is None:
        return "-"
    rounded = float(f"{float(value):.{digits}g}")
    # trailing zeros count: 0.90 is known better than 0.9
    places = max(digits - 1 - _magnitude(rounded), 0)
    return f"{rounded:,.{places}f}"


def _magnitude(value) -> int:
    return int(f"{value:e}".partition("e")[2]) if value else 0


def plus_minus(pair, digits=2) -> str:
    """Value and standard error: `digits` of the value, more where the error is smaller."""
    value, error = pair
    if value is None:
        return "-"
    places = digits - 1 - _magnitude(float(f"{value:.{digits}g}"))
    if error:
        places = max(places, min(-_magnitude(error), MOST))
    places = max(places, 0)
    return f"{value:,.{places}f} ± {error:,.{places}f}"


def from_to(pair, digits=2) -> str:
    """Least and most."""
    return f"{significant(pair[0], digits)} to {significant(pair[-1], digits)}"


def shrink(source: Path, target: Path) -> None:
    """Copy a picture with fewer colours."""
    from PIL import Image

    with Image.open(source) as picture, replacing(target) as part:
        few = picture.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT)
        few.save(part, format="PNG", optimize=True)


def dump(numbers) -> str:
    """JSON with a line for each section of each example."""
    lines = []
    for name, sections in numbers.items():
        rows = [f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in sections.items()]
        lines.append(f" {json.dumps(name)}: {{\n" + ",\n".join(rows) + "\n }")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def write(path: Path, text: str) -> None:
    """A file that is either complete or as it was."""
    with replacing(path) as part:
        part.write_text(text)


if __name__ == "__main__":
    sys.exit(main())
