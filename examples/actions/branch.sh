#!/bin/sh
# A run until the alarm, then two branches from where it was saved, each with a seed of its own.
set -eu
here=$(dirname "$0")
mpirun -np 2 lmp -in "$here/in.trunk"
for seed in 1 2; do
  mpirun -np 2 lmp -in "$here/in.branch" -var seed "$seed" -log "log.branch.$seed"
done
