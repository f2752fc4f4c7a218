// What crosses the border between the plugin (no Python header) and the bridge (the only file set
// with Python headers). Plain C types: the two are separate shared objects, because the bridge can
// be loaded only after libpython is in the process.
#pragma once

#include <cstdint>

extern "C" {

struct dbar_snapshot {
  std::int64_t step;
  double time;
  int size;             // components of D, the number of atoms included
  const double *D;      // [size]
  const double *V;      // [size][6], or null
  int nthermo;          // those of keyword thermo, then those of seldom
  const double *thermo; // [nthermo]
  int nchunk;           // of keyword chunk
  const double *chunks; // [nchunk][size], with V [nchunk][7 size]: D, then V of each; null without keyword chunk
};

struct dbar_positions {
  std::int64_t step;
  double time;
  int natoms;
  const std::int64_t *id; // [natoms]
  const int *type;        // [natoms]
  const double *x;        // [natoms][3]
  double box[9];          // xlo ylo zlo xhi yhi zhi xy xz yz
  int periodic[3];        // of each cell vector
};

struct dbar_decision {
  int state;
  double mahalanobis, innovation, tau_pred;
  std::int64_t snapshots, refits;
  std::int64_t consecutive; // snapshots in a row in this state
  std::int64_t change_step; // timestep of the last change, -1 if there was none
  double evidence;          // of a change; 1 is the level of the alarm
  std::int64_t regime;
  int keep; // sum of dbar_keep
};

// Positions that Python wants.
enum dbar_keep { DBAR_KEEP_THIS = 1, DBAR_KEEP_PREVIOUS = 2 };

// A configuration, of which dbar.entropy.live makes entropies.
struct dbar_configuration {
  int size; // of D, as compute dbar has it
  const double *D;
  int ntypes;
  const std::int64_t *counts; // [ntypes], atoms of each
  double cell[9];             // vectors as rows
  int periodic[3];            // of each cell vector
  double spread[9];           // sum of r r^T, r from the centre of the atoms, where fewer than two are periodic
  double force;               // largest component
  int minimizing;             // more is to come
};

// Entropy, its standard deviation, grade, free energy; entropy and free energy of formation.
constexpr int dbar_nentropy = 6;

struct dbar_opened {
  int wants_comm;
  std::int64_t snapshots; // in the store that is continued
  std::int64_t reference; // snapshots before the reference is frozen, 0 for never
};

// Every function returns null, or the text of a Python exception («Type: message»). The text
// belongs to the bridge and is valid until the next call of the same thread.
struct dbar_bridge {
  const char *(*open)(const char *class_name, const char *settings_json, void **session, dbar_opened *);
  // estimates: room for `nestimates` numbers, or null where nobody asks for them.
  const char *(*observe)(void *session, const dbar_snapshot *, dbar_decision *, double *estimates, int nestimates);
  const char *(*keep_positions)(void *session, const dbar_positions *);
  // The same for the entropies of configurations. answer: [dbar_nentropy].
  const char *(*open_entropy)(const char *settings_json, void **session);
  const char *(*entropy)(void *session, const dbar_configuration *, double *answer);
  // Of either kind.
  const char *(*close)(void *session);
};

// Starts an interpreter as if `executable` had been run, or joins the one in the process. `site` is
// the folder that holds the package; it is added to sys.path only if `import dbar` fails without.
using dbar_bridge_start_t = const char *(const char *executable, const char *site, const dbar_bridge **);
}
