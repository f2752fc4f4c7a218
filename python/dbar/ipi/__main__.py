"""Print the path of the surface, for ``<pes_path>`` and ``i-pi-py_driver -P``."""

from pathlib import Path

from dbar.ipi import driver

print(Path(driver.__file__).resolve())
