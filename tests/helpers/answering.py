"""A session that answers what a test wants, in the place of the real one: the C++ side alone is on trial."""

STUB = """
import json

import dbar.stream
from dbar.stream.answer import Answer


class Session:
    wants_comm, reference = False, 0

    def __init__(self, settings):
        with open("settings.json", "w") as file:
            json.dump(settings, file)
        self.names = settings["observe"]
        self.snapshots = (settings["restart"] or {}).get("snapshots", 0)

    def observe(self, step, time, D, V, thermo):
        self.snapshots += 1
        answer = Answer(1, 0.0, 0.0, 0.0, self.snapshots, 0, 1, -1, 0.0, 1, 0)
        return answer._replace(estimates=ESTIMATES)

    def close(self):
        pass


dbar.stream.Session = Session
"""


def answering(folder, estimates="tuple(step + k / 100 for k in range(4 * len(self.names)))"):
    """Environment in which LAMMPS meets such a session; `estimates` is an expression of its observe."""
    place = folder / "site"
    place.mkdir(exist_ok=True)
    (place / "session_stub.py").write_text(STUB.replace("ESTIMATES", estimates))
    # Python reads a module of this name when it starts; that of LAMMPS has no command line, the script `lmp` has
    (place / "sitecustomize.py").write_text(
        "import sys\n\nif not sys.orig_argv:\n    import session_stub\n"
    )
    return {"PYTHONPATH": str(place)}
