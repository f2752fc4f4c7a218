// Python module dbar._kernels: descriptors over arrays of neighbourhoods.
#include "families.h"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <stdexcept>

namespace py = pybind11;
using dbar::Batch;
using dbar::Descriptor;

namespace {

using Ints = py::array_t<int, py::array::c_style | py::array::forcecast>;
using Reals = py::array_t<double, py::array::c_style | py::array::forcecast>;

// The kernels trust their input, so everything that could make them read outside is checked here.
Batch checked(const Descriptor &d, const Ints &type, const Ints &first, const Reals &r,
              const Ints &rtype) {
  const auto fail = [](const std::string &what) { throw std::invalid_argument(what); };
  if (type.ndim() != 1 || first.ndim() != 1 || first.shape(0) != type.shape(0) + 1)
    fail("first: expected one entry more than type, both with one axis");
  if (r.ndim() != 2 || r.shape(1) != 3) fail("r: expected shape (pairs, 3)");
  if (rtype.ndim() != 1 || rtype.shape(0) != r.shape(0)) fail("rtype: expected one entry per r");
  const auto species = [&](const Ints &types, const char *name) {
    const int *t = types.data();
    for (py::ssize_t i = 0; i < types.shape(0); ++i)
      if (t[i] < 0 || t[i] >= d.nspecies())
        fail(std::string(name) + ": found species " + std::to_string(t[i]) +
             ", expected 0 to " + std::to_string(d.nspecies() - 1));
  };
  species(type, "type");
  species(rtype, "rtype");
  const int *f = first.data();
  if (f[0] != 0 || f[type.shape(0)] != r.shape(0))
    fail("first: expected to begin with 0 and to end with the number of pairs");
  for (py::ssize_t i = 0; i < type.shape(0); ++i)
    if (f[i] > f[i + 1]) fail("first: expected ascending entries");
  return {static_cast<int>(type.shape(0)), type.data(), f,
          reinterpret_cast<const double(*)[3]>(r.data()), rtype.data()};
}

py::tuple compute(const Descriptor &self, const Ints &type, const Ints &first, const Reals &r,
                  const Ints &rtype, bool virial) {
  const Batch batch = checked(self, type, first, r, rtype);
  py::array_t<double> D(self.size());
  py::array_t<double> V({virial ? self.size() : 0, 6});
  double *d = D.mutable_data(), *v = virial ? V.mutable_data() : nullptr;
  std::fill(d, d + self.size(), 0.0);
  std::fill(V.mutable_data(), V.mutable_data() + V.size(), 0.0);
  {
    py::gil_scoped_release release;
    self.clone()->accumulate(batch, d, v);  // scratch of its own, so threads may share self
  }
  if (!virial) return py::make_tuple(D, py::none());
  return py::make_tuple(D, V);
}

py::array_t<double> per_atom(const Descriptor &self, const Ints &type, const Ints &first,
                             const Reals &r, const Ints &rtype) {
  const Batch batch = checked(self, type, first, r, rtype);
  py::array_t<double> B({batch.n, self.size()});
  double *b = B.mutable_data();
  {
    py::gil_scoped_release release;
    self.clone()->per_centre(batch, b);
  }
  return B;
}

py::tuple gradient(const Descriptor &self, const Ints &type, const Ints &first, const Reals &r,
                   const Ints &rtype, const Reals &theta) {
  const Batch batch = checked(self, type, first, r, rtype);
  if (theta.ndim() != 1 || theta.shape(0) != self.size())
    throw std::invalid_argument("theta: expected " + std::to_string(self.size()) + " numbers");
  py::array_t<double> grad({r.shape(0), static_cast<py::ssize_t>(3)});
  py::array_t<double> energy(batch.n);
  auto *g = reinterpret_cast<double(*)[3]>(grad.mutable_data());
  double *e = energy.mutable_data();
  {
    py::gil_scoped_release release;
    self.clone()->gradient(batch, theta.data(), g, e);
  }
  return py::make_tuple(grad, energy);
}

}  // namespace

PYBIND11_MODULE(_kernels, m) {
  m.doc() = "Descriptor kernels over arrays of neighbourhoods (the same as in the LAMMPS plugin).";
  py::register_exception<dbar::BadSetting>(m, "BadSetting", PyExc_ValueError);
  m.def("family_names", &dbar::family_names);

  py::class_<Descriptor>(m, "Kernel")
      .def(py::init([](const std::string &family, double rcut,
                       const std::vector<std::string> &words,
                       int nspecies) { return dbar::make_descriptor(family, rcut, words, nspecies); }),
           py::arg("family"), py::arg("rcut"), py::arg("words"), py::arg("nspecies"))
      .def_property_readonly("size", &Descriptor::size)
      .def_property_readonly("labels", &Descriptor::labels)
      .def_property_readonly("nspecies", &Descriptor::nspecies)
      .def("cutoff", py::overload_cast<>(&Descriptor::cutoff, py::const_))
      .def("cutoff", py::overload_cast<int, int>(&Descriptor::cutoff, py::const_))
      .def_property_readonly("memory_usage", &Descriptor::memory_usage)
      .def("settings", &Descriptor::settings)
      .def("compute", &compute, py::arg("type"), py::arg("first"), py::arg("r"), py::arg("rtype"),
           py::arg("virial") = false)
      .def("per_atom", &per_atom, py::arg("type"), py::arg("first"), py::arg("r"),
           py::arg("rtype"))
      .def("gradient", &gradient, py::arg("type"), py::arg("first"), py::arg("r"),
           py::arg("rtype"), py::arg("theta"));
}
