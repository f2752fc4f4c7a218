#include "bindings/packets.h"

#include "bindings/packet_evaluation.h"
#include "files/packet_form.h"
#include "kernels/gpp/fixed_point.h"
#include "kernels/gpp/packets.h"
#include "kernels/words.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace py = pybind11;
using namespace dbar::gpp;

namespace {

using Ints = py::array_t<int, py::array::c_style | py::array::forcecast>;
using Reals = py::array_t<double, py::array::c_style | py::array::forcecast>;

[[noreturn]] void wrong(const std::string &word, const std::string &found, const std::string &expected) {
  throw dbar::BadSetting(word + ": found " + found + ", expected " + expected);
}

std::string content(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  file.peek(); // a folder can be opened, but not read
  text << file.rdbuf();
  if (!file.is_open() || file.bad())
    wrong("file", path, "a file that can be read");
  return text.str();
}

class Potential {
public:
  Potential(const std::string &form, const std::string &file, const std::vector<std::string> &elements, double smax)
      : packets(read(form, file, elements), checked(smax)) {}

  int species(int a, const char *word) const {
    if (a < 0 || a >= packets.size())
      wrong(word, std::to_string(a), "the number of an element, 0 to " + std::to_string(packets.size() - 1));
    return a;
  }
  double variance_sum(double S) const {
    if (!(S >= 0.0 && S <= 2.0 * packets.most_variance()))
      wrong("S", std::to_string(S),
            "a sum of two variances from 0 to smax = " + dbar::number_text(packets.most_variance()) + " each");
    return S;
  }

  Packets packets;

private:
  static double checked(double smax) {
    if (!(smax > 0.0 && smax <= 1.0))
      wrong("smax", std::to_string(smax), "a variance above 0 and up to 1 (square angstroms)");
    return smax;
  }
  static Form read(const std::string &form, const std::string &file, const std::vector<std::string> &elements) {
    const dbar::PacketParser parse = dbar::packet_parser(form);
    const Form all = parse(file, content(file));
    return elements.empty() ? all : all.chosen(elements);
  }
};

// Three arrays of the shape of R and S together.
template <class Of> py::tuple three(const Reals &R, const Reals &S, Of of) {
  return py::make_tuple(py::vectorize([&](double r, double s) { return of(r, s, 0); })(R, S),
                        py::vectorize([&](double r, double s) { return of(r, s, 1); })(R, S),
                        py::vectorize([&](double r, double s) { return of(r, s, 2); })(R, S));
}

py::tuple average(const Potential &self, Average which, int a, int b, const Reals &R, const Reals &S) {
  const PacketTable &table = self.packets.table(self.species(a, "a"), self.species(b, "b"));
  return three(R, S, [&](double r, double s, int n) {
    if (!(r > 0.0))
      wrong("R", std::to_string(r), "a distance above 0");
    if (!table.sees(r, self.variance_sum(s)))
      return 0.0;
    Averages f[3];
    table.averages_at(1, &r, &s, &f[0], &f[1], &f[2]);
    return f[n][which];
  });
}

// Value and three derivatives.
template <class Of> py::tuple four(const Reals &x, Of of) {
  return py::make_tuple(
      py::vectorize([&](double r) { return of(r).f; })(x), py::vectorize([&](double r) { return of(r).d1; })(x),
      py::vectorize([&](double r) { return of(r).d2; })(x), py::vectorize([&](double r) { return of(r).d3; })(x));
}

py::tuple bare_pair(const Potential &self, int a, int b, const Reals &r) {
  const Form &form = self.packets.form();
  const Curve &curve = *form.pair[self.species(a, "a") * form.size() + self.species(b, "b")];
  return four(r, [&](double x) {
    const Jet h = h_of(curve, form.pair_kind, x);
    Jet f{h.f / x, 0.0, 0.0, 0.0};
    f.d1 = (h.d1 - f.f) / x;
    f.d2 = (h.d2 - 2.0 * f.d1) / x;
    f.d3 = (h.d3 - 3.0 * f.d2) / x;
    return f;
  });
}

py::tuple bare_density(const Potential &self, int a, int b, const Reals &r) {
  const Form &form = self.packets.form();
  const Curve &curve = *form.density[self.species(a, "a") * form.size() + self.species(b, "b")];
  return four(r, [&](double x) { return curve.at(x); });
}

py::tuple embedding(const Potential &self, int a, const Reals &rho) {
  const Embedding &F = self.packets.embedding(self.species(a, "a"));
  return three(rho, rho, [&](double x, double, int n) {
    const Jet y = F.at(x);
    return n == 0 ? y.f : n == 1 ? y.d1 : y.d2;
  });
}

Task checked(const Potential &self, const Ints &types, const Ints &i, const Ints &j, const Reals &vectors,
             const Reals &variances, const Parts &parts) {
  const py::ssize_t atoms = types.size(), pairs = i.size();
  if (types.ndim() != 1 || variances.ndim() != 1 || variances.size() != atoms)
    wrong("variances", std::to_string(variances.size()) + " numbers", std::to_string(atoms) + ", one of each atom");
  if (i.ndim() != 1 || j.ndim() != 1 || j.size() != pairs)
    wrong("j", std::to_string(j.size()) + " numbers", std::to_string(pairs) + ", as many as i has");
  if (vectors.ndim() != 2 || vectors.shape(0) != pairs || vectors.shape(1) != 3)
    wrong("vectors", "another shape", "(" + std::to_string(pairs) + ", 3)");
  const Task task{self.packets,
                  atoms,
                  pairs,
                  types.data(),
                  i.data(),
                  j.data(),
                  reinterpret_cast<const double (*)[3]>(vectors.data()),
                  variances.data(),
                  parts};
  for (py::ssize_t a = 0; a < atoms; ++a) {
    self.species(task.type[a], "types");
    if (!(task.variance[a] >= 0.0 && task.variance[a] <= self.packets.most_variance()))
      wrong("variances", std::to_string(task.variance[a]) + " of atom " + std::to_string(a),
            "0 to smax = " + dbar::number_text(self.packets.most_variance()));
  }
  for (py::ssize_t p = 0; p < pairs; ++p) {
    for (const int a : {task.i[p], task.j[p]})
      if (a < 0 || a >= atoms)
        wrong("i, j", std::to_string(a), "the number of an atom, 0 to " + std::to_string(atoms - 1));
    const double R = distance(task.vector[p]);
    if (!(R > 0.0 && std::isfinite(R)))
      wrong("vectors", "length " + std::to_string(R) + " of pair " + std::to_string(p), "a distance above 0");
  }
  return task;
}

Reals zeros(std::vector<py::ssize_t> shape) {
  Reals all(shape);
  std::fill(all.mutable_data(), all.mutable_data() + all.size(), 0.0);
  return all;
}

py::tuple evaluated(const Potential &self, const Ints &types, const Ints &i, const Ints &j, const Reals &vectors,
                    const Reals &variances, bool mean_density_only, bool shared_centre) {
  const Task task = checked(self, types, i, j, vectors, variances, {mean_density_only, shared_centre});
  Reals energies = zeros({task.atoms}), forces = zeros({task.atoms, 3}), virial = zeros({3, 3}),
        by_s = zeros({task.atoms});
  const Result to{energies.mutable_data(), reinterpret_cast<double (*)[3]>(forces.mutable_data()),
                  reinterpret_cast<double (*)[3]>(virial.mutable_data()), by_s.mutable_data()};
  {
    py::gil_scoped_release release;
    evaluate(task, to);
  }
  return py::make_tuple(energies, forces, virial, by_s);
}

Reals next_variances(const Reals &variances, const Reals &by_s, const Reals &heat, bool isentropic) {
  const Ensemble ensemble = isentropic ? Ensemble::isentropic : Ensemble::isothermal;
  return py::vectorize([=](double s, double ds, double h) { return next_variance(ensemble, h, s, ds); })(variances,
                                                                                                         by_s, heat);
}

} // namespace

void bind_packets(py::module_ &m) {
  m.def("packet_forms", &dbar::packet_forms, "Words for the form of a PacketPotential.");
  m.def("next_variances", &next_variances, py::arg("variances"), py::arg("by_variance"), py::arg("heat"),
        py::arg("isentropic") = false,
        "One pass of the fixed point: 3 kT / (2 d<V>/ds), or sqrt(3 kTs / (2 d<V>/ds)) if isentropic, at most a\n"
        "factor of two from `variances`. heat: kT, or kT_i s_i of each atom (energy times square length).");
  m.def("chance_within", py::vectorize(&chance_within), py::arg("cutoff"), py::arg("R"), py::arg("S"),
        "Chance that two packets, means at the distance R and variances of the sum S, are nearer than the cutoff.");

  py::class_<Potential>(m, "PacketPotential", R"(A potential of embedded atoms between Gaussian packets.

Atom i is a Gaussian with mean q_i and variance s_i of each Cartesian component; atoms are independent. Averages of
pairs depend on R = |q_i - q_j| and S = s_i + s_j and are exact (Saxena et al., exact pairs); that of the embedding
energy takes mean m and variance v of the density, <F> = 2/3 F(m) + 1/6 F(m +- sqrt(3 v)). Energies in eV, lengths in
angstrom, variances in square angstrom.

Parameters
----------
form : "eam/alloy", "eam/fs" or "efs"
file : path of a table of LAMMPS, or of a file of schema dbar-efs/1
elements : names from the file, in the order of the types; all of the file if empty
smax : largest variance that can be asked for. The tables of a pair of elements are made when they are first needed.

Raises
------
BadSetting (a ValueError), which names the word, the value that was found and what was expected.)")
      .def(py::init<const std::string &, const std::string &, const std::vector<std::string> &, double>(),
           py::arg("form"), py::arg("file"), py::arg("elements") = std::vector<std::string>(), py::arg("smax") = 0.05)
      .def_property_readonly("elements", [](const Potential &p) { return p.packets.form().elements; })
      .def_property_readonly(
          "masses", [](const Potential &p) { return p.packets.form().masses; }, "In g/mol.")
      .def_property_readonly(
          "cutoff", [](const Potential &p) { return p.packets.cutoff(); }, "Of the potential.")
      .def_property_readonly(
          "reach", [](const Potential &p) { return p.packets.reach(); },
          "cutoff + 6 sqrt(2 smax): which pairs evaluate() may need.")
      .def_property_readonly("smax", [](const Potential &p) { return p.packets.most_variance(); })
      .def_property_readonly(
          "memory_usage", [](const Potential &p) { return p.packets.memory_usage(); },
          "Bytes of the tables made so far.")
      .def(
          "pair",
          [](const Potential &p, int a, int b, const Reals &R, const Reals &S) {
            return average(p, energy, a, b, R, S);
          },
          py::arg("a"), py::arg("b"), py::arg("R"), py::arg("S"),
          "Mean of the pair potential of elements a and b, and its derivatives by R and by S: three arrays.")
      .def(
          "density",
          [](const Potential &p, int a, int b, const Reals &R, const Reals &S) {
            return average(p, density, a, b, R, S);
          },
          py::arg("a"), py::arg("b"), py::arg("R"), py::arg("S"),
          "Mean density of a neighbour b at an atom a, and its derivatives by R and by S.")
      .def(
          "density_variance",
          [](const Potential &p, int a, int b, const Reals &R, const Reals &S) {
            return average(p, spread, a, b, R, S);
          },
          py::arg("a"), py::arg("b"), py::arg("R"), py::arg("S"),
          "Variance of that density, <phi^2> - <phi>^2, and its derivatives by R and by S.")
      .def(
          "density_slope",
          [](const Potential &p, int a, int b, const Reals &R, const Reals &S) {
            return average(p, slope, a, b, R, S);
          },
          py::arg("a"), py::arg("b"), py::arg("R"), py::arg("S"),
          "d<phi>/dR from a table of its own, and its derivatives by R and by S.")
      .def("bare_pair", &bare_pair, py::arg("a"), py::arg("b"), py::arg("r"),
           "The pair potential itself and three derivatives, as LAMMPS interpolates a table.")
      .def("bare_density", &bare_density, py::arg("a"), py::arg("b"), py::arg("r"),
           "The density itself and three derivatives.")
      .def("embedding", &embedding, py::arg("a"), py::arg("rho"), "F(rho) of element a and two derivatives.")
      .def("evaluate", &evaluated, py::arg("types"), py::arg("i"), py::arg("j"), py::arg("vectors"),
           py::arg("variances"), py::arg("mean_density_only") = false, py::arg("shared_centre") = true,
           R"(Mean energies and how they change.

A pair (i, j) adds to the energy of i alone: a whole list has each pair in both directions, and a list with pairs of one
atom only gives <V_i> of that atom, with its derivatives by all others.

Parameters
----------
types : (N,) ints, numbers of elements from 0
i, j : (pairs,) ints, atoms; images of an atom have its number
vectors : (pairs, 3), q_j - q_i with the image's shift, in angstrom. Pairs beyond `reach` may be left out.
variances : (N,), in square angstrom, 0 to smax
mean_density_only : whether <F> is F(m), for comparison
shared_centre : whether the variance of the density knows that all neighbours see one and the same central atom

Returns
-------
energies : (N,) <V_i> = 1/2 sum_j <V> + <F>, in eV; no kinetic energy, no entropy
forces : (N, 3) -d<V>/dq, in eV/angstrom
virial : (3, 3) -d<V>/d strain = sum r f, in eV, of the sign that LAMMPS has; symmetric if every atom has all pairs
by_variance : (N,) d<V>/ds, in eV per square angstrom

Raises
------
BadSetting (a ValueError) that names the word, also where a density scatters so much (sqrt(3 v) above 0.95 of its mean)
that a point of <F> would lie below zero.)");
}
