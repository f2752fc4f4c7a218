// B = sum_(m1 m2 m3) T c_Q1l1m1 c_Q2l2m2 c_Q3l3m3, its derivatives and its adjoint, by the couplings of two of the
// three.
#pragma once

#include "kernels/isa/simd.h"
#include "kernels/soap/lanes/triples.h"

namespace dbar::soap {
namespace {

DBAR_INLINE const V *of_degree(const Triples &t, const V *c, int l, int q) {
  return c + static_cast<long>(l * l) * t.channels + q;
}

// The couplings of all pairs of a list, which are of the degrees first and second; place: which of an element's three
// numbers they are, and the third.
template <int FIRST, int SECOND, int THIRD>
DBAR_INLINE V *couple(const Triples &t, const Triple &triple, int begin, int end, int first, int second, int third,
                      const V *c, V *z) {
  const int width = 2 * third + 1;
  const long step = t.channels;
  for (const ChannelPair *pair = t.pair + begin; pair < t.pair + end; ++pair, z += width) {
    const V *x = of_degree(t, c, first, pair->q), *y = of_degree(t, c, second, pair->p);
    for (int m = 0; m < width; ++m)
      z[m] = V{};
    for (const Element *e = t.element + triple.element; e < t.element + triple.elements_end; ++e) {
      const int m[3] = {e->m1, e->m2, e->m3};
      z[m[THIRD]] += e->value * x[m[FIRST] * step] * y[m[SECOND] * step];
    }
  }
  return z;
}

DBAR_INLINE void couple_first_two(const Triples &t, const Triple &s, const V *c, V *z) {
  couple<0, 1, 2>(t, s, s.pair12, s.pair13, s.l1, s.l2, s.l3, c, z);
}

DBAR_INLINE void couple_all(const Triples &t, const Triple &s, const V *c, V *z) {
  z = couple<0, 1, 2>(t, s, s.pair12, s.pair13, s.l1, s.l2, s.l3, c, z);
  z = couple<0, 2, 1>(t, s, s.pair13, s.pair23, s.l1, s.l3, s.l2, c, z);
  couple<1, 2, 0>(t, s, s.pair23, s.pairs_end, s.l2, s.l3, s.l1, c, z);
}

DBAR_INLINE V dot(const V *z, const V *c, int width, long step) {
  V sum{};
  for (int m = 0; m < width; ++m)
    sum += z[m] * c[m * step];
  return sum;
}

void triple_values(const Triples &t, const double *c, double *B, double *scratch) {
  V *z = (V *)scratch, *out = (V *)B;
  for (const Triple *s = t.triple; s < t.triple + t.count; ++s) {
    couple_first_two(t, *s, (const V *)c, z);
    for (const Component *k = t.component + s->component; k < t.component + s->components_end; ++k)
      out[k->k] += dot(z + k->z12, of_degree(t, (const V *)c, s->l3, k->q3), 2 * s->l3 + 1, t.channels);
  }
}

void triple_strains(const Triples &t, const double *c, const double *dc, double *B, double *dB, double *scratch) {
  V *z = (V *)scratch, *out = (V *)B;
  const long component = static_cast<long>(t.lmax + 1) * (t.lmax + 1) * t.channels;
  for (const Triple *s = t.triple; s < t.triple + t.count; ++s) {
    couple_all(t, *s, (const V *)c, z);
    for (const Component *k = t.component + s->component; k < t.component + s->components_end; ++k) {
      out[k->k] += dot(z + k->z12, of_degree(t, (const V *)c, s->l3, k->q3), 2 * s->l3 + 1, t.channels);
      V *to = (V *)dB + 6l * k->k;
      const V *d = (const V *)dc;
      for (int q = 0; q < 6; ++q, d += component) {
        to[q] += dot(z + k->z12, of_degree(t, d, s->l3, k->q3), 2 * s->l3 + 1, t.channels);
        to[q] += dot(z + k->z13, of_degree(t, d, s->l2, k->q2), 2 * s->l2 + 1, t.channels);
        to[q] += dot(z + k->z23, of_degree(t, d, s->l1, k->q1), 2 * s->l1 + 1, t.channels);
      }
    }
  }
}

DBAR_INLINE void add(V factor, const V *z, int width, long step, V *A) {
  for (int m = 0; m < width; ++m)
    A[m * step] += factor * z[m];
}

void triple_adjoint(const Triples &t, const double *c, const double *theta, double *A, double *scratch) {
  V *z = (V *)scratch;
  for (const Triple *s = t.triple; s < t.triple + t.count; ++s) {
    couple_all(t, *s, (const V *)c, z);
    for (const Component *k = t.component + s->component; k < t.component + s->components_end; ++k) {
      const V factor = ((const V *)theta)[k->k];
      V *to = (V *)A;
      add(factor, z + k->z12, 2 * s->l3 + 1, t.channels, to + static_cast<long>(s->l3 * s->l3) * t.channels + k->q3);
      add(factor, z + k->z13, 2 * s->l2 + 1, t.channels, to + static_cast<long>(s->l2 * s->l2) * t.channels + k->q2);
      add(factor, z + k->z23, 2 * s->l1 + 1, t.channels, to + static_cast<long>(s->l1 * s->l1) * t.channels + k->q1);
    }
  }
}

const TripleEntry triple_kernels = {triple_values, triple_strains, triple_adjoint};

} // namespace

const TripleEntry *triple_entry(With<Isa::DBAR_ISA>) {
  return &triple_kernels;
}

} // namespace dbar::soap
