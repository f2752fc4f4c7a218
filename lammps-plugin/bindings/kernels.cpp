// Python module dbar._kernels: descriptors over arrays of neighbourhoods.
#include "bindings/packets.h"
#include "files/word_file.h"
#include "kernels/families.h"
#include "kernels/forces.h"
#include "kernels/isa/isa.h"
#include "kernels/words.h"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <numeric>
#include <stdexcept>

namespace py = pybind11;
using dbar::Batch;
using dbar::Descriptor;

namespace {

using Ints = py::array_t<int, py::array::c_style | py::array::forcecast>;
using Reals = py::array_t<double, py::array::c_style | py::array::forcecast>;

// A descriptor for any number of threads: each call borrows one with scratch memory of its own.
class Kernel {
public:
  Kernel(const std::string &family, double rcut, const std::vector<std::string> &words, int nspecies)
      : first_(dbar::make_descriptor(family, rcut, words, nspecies)) {}

  const Descriptor &operator*() const { return *first_; }
  const Descriptor *operator->() const { return first_.get(); }

  template <class Use> void borrow(Use use) {
    std::unique_ptr<Descriptor> mine;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!idle_.empty()) {
        mine = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    if (!mine)
      mine = first_->clone();
    use(*mine);
    const std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(std::move(mine));
  }

private:
  std::unique_ptr<Descriptor> first_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Descriptor>> idle_;
};

// The kernels trust their input, so everything that could make them read outside is checked here.
Batch checked(const Descriptor &d, const Ints &type, const Ints &first, const Reals &r, const Ints &rtype) {
  const auto fail = [](const std::string &what) { throw std::invalid_argument(what); };
  if (type.ndim() != 1 || first.ndim() != 1 || first.shape(0) != type.shape(0) + 1)
    fail("first: expected one entry more than type, both with one axis");
  if (r.ndim() != 2 || r.shape(1) != 3)
    fail("r: expected shape (pairs, 3)");
  if (rtype.ndim() != 1 || rtype.shape(0) != r.shape(0))
    fail("rtype: expected one entry per r");
  const auto species = [&](const Ints &types, const char *name) {
    const int *t = types.data();
    for (py::ssize_t i = 0; i < types.shape(0); ++i)
      if (t[i] < 0 || t[i] >= d.nspecies())
        fail(std::string(name) + ": found species " + std::to_string(t[i]) + ", expected 0 to " +
             std::to_string(d.nspecies() - 1));
  };
  species(type, "type");
  species(rtype, "rtype");
  const int *f = first.data();
  if (f[0] != 0 || f[type.shape(0)] != r.shape(0))
    fail("first: expected to begin with 0 and to end with the number of pairs");
  for (py::ssize_t i = 0; i < type.shape(0); ++i)
    if (f[i] > f[i + 1])
      fail("first: expected ascending entries");
  return {static_cast<int>(type.shape(0)), type.data(), f, reinterpret_cast<const double (*)[3]>(r.data()),
          rtype.data()};
}

void check_theta(const Descriptor &d, const Reals &theta) {
  if (theta.ndim() != 1 || theta.shape(0) != d.size())
    throw std::invalid_argument("theta: expected " + std::to_string(d.size()) + " numbers");
}

py::tuple compute(Kernel &self, const Ints &type, const Ints &first, const Reals &r, const Ints &rtype, bool virial) {
  const Batch batch = checked(*self, type, first, r, rtype);
  py::array_t<double> D(self->size());
  py::array_t<double> V({virial ? self->size() : 0, 6});
  double *d = D.mutable_data(), *v = virial ? V.mutable_data() : nullptr;
  std::fill(d, d + self->size(), 0.0);
  std::fill(V.mutable_data(), V.mutable_data() + V.size(), 0.0);
  {
    py::gil_scoped_release release;
    self.borrow([&](Descriptor &kernel) { kernel.accumulate(batch, d, v); });
  }
  if (!virial)
    return py::make_tuple(D, py::none());
  return py::make_tuple(D, V);
}

py::array_t<double> per_atom(Kernel &self, const Ints &type, const Ints &first, const Reals &r, const Ints &rtype) {
  const Batch batch = checked(*self, type, first, r, rtype);
  py::array_t<double> B({batch.n, self->size()});
  double *b = B.mutable_data();
  {
    py::gil_scoped_release release;
    self.borrow([&](Descriptor &kernel) { kernel.per_centre(batch, b); });
  }
  return B;
}

py::tuple gradient(Kernel &self, const Ints &type, const Ints &first, const Reals &r, const Ints &rtype,
                   const Reals &theta) {
  const Batch batch = checked(*self, type, first, r, rtype);
  check_theta(*self, theta);
  py::array_t<double> grad({r.shape(0), static_cast<py::ssize_t>(3)});
  py::array_t<double> energy(batch.n);
  auto *g = reinterpret_cast<double (*)[3]>(grad.mutable_data());
  double *e = energy.mutable_data();
  {
    py::gil_scoped_release release;
    const double *t = theta.data();
    self.borrow([&](Descriptor &kernel) { kernel.gradient(batch, t, g, e); });
  }
  return py::make_tuple(grad, energy);
}

py::array_t<double> gradient_of_each(Kernel &self, const Ints &type, const Ints &first, const Reals &r,
                                     const Ints &rtype, const py::function &theta_of) {
  const Batch batch = checked(*self, type, first, r, rtype);
  py::array_t<double> grad({r.shape(0), static_cast<py::ssize_t>(3)});
  auto *g = reinterpret_cast<double (*)[3]>(grad.mutable_data());
  const py::ssize_t size = self->size();
  const auto call = [&](int count, const int *centre, const double *B, double *theta) {
    const auto given =
        theta_of(py::array_t<int>(count, centre), py::array_t<double>({count + py::ssize_t(0), size}, B));
    const auto found = given.cast<Reals>();
    if (found.ndim() != 2 || found.shape(0) != count || found.shape(1) != size)
      throw std::invalid_argument("theta_of: expected an array of the shape of B");
    std::copy_n(found.data(), count * size, theta);
  };
  self.borrow([&](Descriptor &kernel) { kernel.gradient_of_each(batch, call, g); });
  return grad;
}

py::tuple forces(Kernel &self, const Ints &type, const Ints &first, const Reals &r, const Ints &rtype,
                 const Ints &neighbour, const Reals &theta) {
  const Batch batch = checked(*self, type, first, r, rtype);
  check_theta(*self, theta);
  if (neighbour.ndim() != 1 || neighbour.shape(0) != r.shape(0))
    throw std::invalid_argument("neighbour: expected one entry per r");
  const int *j = neighbour.data();
  for (py::ssize_t p = 0; p < neighbour.shape(0); ++p)
    if (j[p] < 0 || j[p] >= batch.n)
      throw std::invalid_argument("neighbour: found " + std::to_string(j[p]) + ", expected an index of a centre");
  py::array_t<double> force({batch.n, 3}), strain(6);
  std::fill(force.mutable_data(), force.mutable_data() + force.size(), 0.0);
  std::fill(strain.mutable_data(), strain.mutable_data() + 6, 0.0);
  auto *f = reinterpret_cast<double (*)[3]>(force.mutable_data());
  double *w = strain.mutable_data(), energy = 0.0;
  {
    py::gil_scoped_release release;
    std::vector<int> centre(batch.n);
    std::iota(centre.begin(), centre.end(), 0);
    const double *t = theta.data();
    self.borrow([&](Descriptor &kernel) { dbar::add_forces(kernel, batch, centre.data(), j, t, f, w, &energy); });
  }
  return py::make_tuple(energy, force, strain);
}

py::tuple operations(const Kernel &self, const std::string &what) {
  const auto give = [&](dbar::Task task) {
    const dbar::Operations n = self->operations(task);
    return py::make_tuple(n.per_centre, n.per_neighbour);
  };
  if (what == "D")
    return give(dbar::Task::value);
  if (what == "D+V")
    return give(dbar::Task::strain);
  if (what == "gradient")
    return give(dbar::Task::gradient);
  throw std::invalid_argument("operations: found '" + what + "', expected D, D+V or gradient");
}

py::object splines(const Kernel &self) {
  const dbar::SplineErrors s = self->splines();
  if (s.knots == 0)
    return py::none();
  py::dict about;
  about["knots"] = s.knots;
  about["largest"] = s.largest;
  about["mean"] = s.mean;
  about["largest_relative"] = s.largest_relative;
  about["mean_relative"] = s.mean_relative;
  return about;
}

py::dict families() {
  py::dict all;
  for (const auto &[name, family] : dbar::families()) {
    py::dict keywords;
    for (const dbar::Keyword &each : family.keywords()) {
      py::dict about;
      about["kind"] = each.kind;
      about["default"] = each.value;
      keywords[py::str(each.name)] = about;
    }
    all[py::str(name)] = keywords;
  }
  return all;
}

} // namespace

PYBIND11_MODULE(_kernels, m) {
  m.doc() = "Descriptor kernels over arrays of neighbourhoods (the same as in the LAMMPS plugin).";
  py::register_exception<dbar::BadSetting>(m, "BadSetting", PyExc_ValueError);
  m.def("family_names", &dbar::family_names);
  m.def("families", &families,
        "Of each family its keywords in order: kind of the value (integer, number, flag, per_species: a number\n"
        "each, species: numbers from 1) and default, as words would have it, for one species.");
  m.def("word_of_file", &dbar::word_of_file, py::arg("kind"), py::arg("name"), py::arg("text"),
        "Content of a file that a keyword of this kind names, as the word that stands for it.");
  m.def("names_file", &dbar::names_file, py::arg("kind"), py::arg("value"),
        "Whether a value of a keyword of this kind is the name of a file.");
  m.def("active_isa", &dbar::active_isa, "Instruction set of the kernels in use.");
  m.def("peak_multiply_adds", &dbar::peak_multiply_adds, py::call_guard<py::gil_scoped_release>(),
        "Multiply-adds per second of one core with this instruction set, measured now.");
  m.def("available_isas", &dbar::available_isas,
        "Instruction sets that this build and processor can run, as DBAR_ISA names them.");

  bind_packets(m);

  py::class_<Kernel>(m, "Kernel")
      .def(py::init<const std::string &, double, const std::vector<std::string> &, int>(), py::arg("family"),
           py::arg("rcut"), py::arg("words"), py::arg("nspecies"))
      .def_property_readonly("size", [](const Kernel &k) { return k->size(); })
      .def_property_readonly("labels", [](const Kernel &k) { return k->labels(); })
      .def_property_readonly("nspecies", [](const Kernel &k) { return k->nspecies(); })
      .def("cutoff", [](const Kernel &k) { return k->cutoff(); })
      .def("cutoff", [](const Kernel &k, int ti, int tj) { return k->cutoff(ti, tj); })
      .def_property_readonly("memory_usage", [](const Kernel &k) { return k->memory_usage(); })
      .def("settings", [](const Kernel &k) { return k->settings(); })
      .def("splines", &splines, "Knots and errors of splined radial functions, None if there are none.")
      .def("compute", &compute, py::arg("type"), py::arg("first"), py::arg("r"), py::arg("rtype"),
           py::arg("virial") = false)
      .def("per_atom", &per_atom, py::arg("type"), py::arg("first"), py::arg("r"), py::arg("rtype"))
      .def("gradient", &gradient, py::arg("type"), py::arg("first"), py::arg("r"), py::arg("rtype"), py::arg("theta"))
      .def("gradient_of_each", &gradient_of_each, py::arg("type"), py::arg("first"), py::arg("r"), py::arg("rtype"),
           py::arg("theta_of"),
           "dE/dr of each r for E = sum_i e_i(B_i): theta_of(centres, B) gets (n,) and (n, K) of some centres\n"
           "and returns de_i/dB, (n, K).")
      .def("forces", &forces, py::arg("type"), py::arg("first"), py::arg("r"), py::arg("rtype"), py::arg("neighbour"),
           py::arg("theta"),
           "Energy theta.D, forces (n, 3) and dE/d strain (xx yy zz xy xz yz) for centres that are all\n"
           "the atoms; neighbour holds the atom of each r, periodic images folded.")
      .def("operations", &operations, py::arg("what"),
           "Multiply-adds per centre and per neighbour for D, D+V or gradient.");
}
