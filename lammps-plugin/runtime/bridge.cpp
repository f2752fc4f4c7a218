#include "runtime/bridge.h"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <string>

namespace py = pybind11;

namespace {

thread_local std::string last_error;
std::set<py::object *> open_sessions; // closed at exit when the host process ends without closing them

// Whether the package says itself, and in one line, what does not fit.
bool is_refusal(py::error_already_set &e) {
  try {
    return py::module_::import("dbar.stream.refusals").attr("is_refusal")(e.value()).cast<bool>();
  } catch (const std::exception &) {
    return false;
  }
}

// The last line becomes the message of the engine's error; the whole traceback goes to stderr, unless it would say no
// more.
const char *translate(py::error_already_set &e) {
  try {
    py::module_ traceback = py::module_::import("traceback");
    // raised by the interpreter itself, as by a conversion, it has no traceback
    if (!is_refusal(e))
      traceback.attr("print_exception")(e.type(), e.value(), e.trace() ? py::object(e.trace()) : py::none());
    py::list lines = traceback.attr("format_exception_only")(e.type(), e.value());
    last_error = py::str(py::str(lines[lines.size() - 1]).attr("strip")());
  } catch (py::error_already_set &) {
    last_error = "Python exception that cannot be printed";
  }
  return last_error.c_str();
}

template <class Body> const char *guarded(Body body) {
  py::gil_scoped_acquire gil;
  try {
    body();
    return nullptr;
  } catch (py::error_already_set &e) {
    return translate(e);
  } catch (const std::exception &e) {
    last_error = e.what();
    return last_error.c_str();
  }
}

// Read-only views of the plugin's memory: nothing is copied, and Python is told to copy what it
// keeps.
template <class T> py::object view(const T *data, std::vector<py::ssize_t> shape) {
  const bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end(); // such a vector may have no address
  if (!data && !empty)
    return py::none();
  py::array_t<T> array = empty ? py::array_t<T>(std::move(shape))
                               : py::array_t<T>(std::move(shape), data, py::capsule(data, [](void *) {}));
  array.attr("flags").attr("writeable") = false;
  return array;
}

constexpr std::size_t answer_length = 12; // of dbar.stream.answer.Answer

[[noreturn]] void refuse(const std::string &what) {
  throw std::runtime_error("plugin and Python package of dbar differ (" + what + "); reinstall dbar");
}

py::object make(const char *module_name, const char *class_name, const char *settings_json) {
  py::object settings = py::module_::import("json").attr("loads")(settings_json);
  return py::module_::import(module_name).attr(class_name)(settings);
}

void *hold(py::object made) {
  auto *held = new py::object(std::move(made));
  open_sessions.insert(held);
  return held;
}

const char *open(const char *class_name, const char *settings_json, void **session, dbar_opened *opened) {
  return guarded([&] {
    py::object made = make("dbar.stream", class_name, settings_json);
    if (!py::hasattr(made, "reference"))
      refuse(std::string(class_name) + " has no reference");
    opened->wants_comm = made.attr("wants_comm").cast<bool>();
    opened->snapshots = made.attr("snapshots").cast<std::int64_t>();
    opened->reference = made.attr("reference").cast<std::int64_t>();
    *session = hold(std::move(made));
  });
}

const char *observe(void *session, const dbar_snapshot *s, dbar_decision *d, double *estimates, int nestimates) {
  return guarded([&] {
    const py::ssize_t width = (s->V ? 7 : 1) * static_cast<py::ssize_t>(s->size);
    const py::tuple chunks = s->chunks ? py::make_tuple(view(s->chunks, {s->nchunk, width})) : py::tuple();
    py::object result = static_cast<py::object *>(session)->attr("observe")(
        s->step, s->time, view(s->D, {s->size}), view(s->V, {s->size, 6}), view(s->thermo, {s->nthermo}), *chunks);
    auto t = result.cast<py::tuple>();
    if (t.size() != answer_length)
      refuse("an answer of " + std::to_string(t.size()) + " numbers, expected " + std::to_string(answer_length));
    d->state = t[0].cast<int>();
    d->mahalanobis = t[1].cast<double>();
    d->innovation = t[2].cast<double>();
    d->tau_pred = t[3].cast<double>();
    d->snapshots = t[4].cast<std::int64_t>();
    d->refits = t[5].cast<std::int64_t>();
    d->consecutive = t[6].cast<std::int64_t>();
    d->change_step = t[7].cast<std::int64_t>();
    d->evidence = t[8].cast<double>();
    d->regime = t[9].cast<std::int64_t>();
    d->keep = t[10].cast<int>();
    if (!estimates)
      return;
    const py::tuple said = t[11];
    if (said.size() != static_cast<std::size_t>(nestimates))
      refuse(std::to_string(said.size()) + " estimates, expected " + std::to_string(nestimates));
    for (std::size_t k = 0; k < said.size(); ++k)
      estimates[k] = said[k].cast<double>();
  });
}

const char *keep_positions(void *session, const dbar_positions *p) {
  return guarded([&] {
    static_cast<py::object *>(session)->attr("keep_positions")(p->step, p->time, view(p->id, {p->natoms}),
                                                               view(p->type, {p->natoms}), view(p->x, {p->natoms, 3}),
                                                               view(p->box, {9}), view(p->periodic, {3}));
  });
}

const char *open_entropy(const char *settings_json, void **session) {
  return guarded([&] { *session = hold(make("dbar.entropy.live", "LiveEntropy", settings_json)); });
}

const char *entropy(void *session, const dbar_configuration *c, double *answer) {
  return guarded([&] {
    py::object result = static_cast<py::object *>(session)->attr("evaluate")(
        view(c->D, {c->size}), view(c->counts, {c->ntypes}), view(c->cell, {9}), view(c->periodic, {3}),
        view(c->spread, {9}), c->force, c->minimizing != 0);
    auto said = result.cast<py::tuple>();
    if (said.size() != dbar_nentropy)
      refuse(std::to_string(said.size()) + " entropies, expected " + std::to_string(dbar_nentropy));
    for (std::size_t k = 0; k < said.size(); ++k)
      answer[k] = said[k].cast<double>();
  });
}

const char *close(void *session) {
  return guarded([&] {
    auto *held = static_cast<py::object *>(session);
    if (!open_sessions.erase(held))
      return;
    py::object made = std::move(*held);
    delete held;
    made.attr("close")();
  });
}

// `quit` in an input script ends LAMMPS without destroying its fixes.
void close_all() {
  if (!Py_IsInitialized())
    return;
  while (!open_sessions.empty())
    close(*open_sessions.begin());
}

void start_interpreter(const char *executable) {
  PyConfig config;
  PyConfig_InitPythonConfig(&config);
  config.parse_argv = 0;
  config.install_signal_handlers = 0; // signals belong to the engine and to MPI
  config.buffered_stdio = 0;          // what a user's observer prints appears at once
  PyStatus status = PyConfig_SetBytesString(&config, &config.program_name, executable);
  if (!PyStatus_Exception(status))
    status = Py_InitializeFromConfig(&config);
  PyConfig_Clear(&config);
  if (PyStatus_Exception(status))
    throw std::runtime_error(std::string("Python does not start: ") +
                             (status.err_msg ? status.err_msg : "no reason given"));
  PyEval_SaveThread(); // release the lock: every call takes it for itself
}

const dbar_bridge table = {open, observe, keep_positions, open_entropy, entropy, close};

} // namespace

extern "C" __attribute__((visibility("default"))) const char *
dbar_bridge_start(const char *executable, const char *site, const dbar_bridge **out) {
  try {
    if (!Py_IsInitialized())
      start_interpreter(executable);
  } catch (const std::exception &e) {
    last_error = e.what();
    return last_error.c_str();
  }
  const char *failure = guarded([&] {
    try {
      py::module_::import("dbar.stream");
    } catch (py::error_already_set &e) {
      if (!e.matches(PyExc_ModuleNotFoundError) || e.value().attr("name").cast<std::string>() != "dbar")
        throw;
      py::module_::import("sys").attr("path").attr("append")(site);
      py::module_::import("dbar.stream");
    }
  });
  if (failure)
    return failure;
  std::atexit(close_all);
  *out = &table;
  return nullptr;
}
