"""A small crystal that is watched, stopped and continued from `r.237`."""

from blocks import METAL

START = METAL + (
    "boundary p p p\nlattice fcc 4.05\nregion b block 0 4 0 4 0 4\ncreate_box 1 b\ncreate_atoms 1 box\n"
    "mass 1 26.98\npair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al\nvelocity all create 900 7\n"
)
AGAIN = METAL + "read_restart r.237\npair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al\n"
STREAM = (
    "fix nve all nve\ncompute d all dbar bso4 4.7 twojmax 4 virial yes\n"
    "fix s all dbar/stream 2 5 10 d store run.h5md snapshot every 4 monitor monitor.toml\n"
)
WINDOW = STREAM.replace("2 5 10", "5 5 50")  # step 237 lies inside the window 230 ... 250
MONITOR = "min_snapshots = 12\nlatent_dim = 3\n"
