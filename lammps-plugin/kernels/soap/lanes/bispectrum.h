// B = sum_(m1 m2 m3) T c_Q1l1m1 c_Q2l2m2 c_Q3l3m3, its derivatives and its adjoint, by the couplings of two of the
// three.
#pragma once

#include "kernels/isa/simd.h"
#include "kernels/soap/lanes/triples.h"

namespace dbar::soap {
namespace {

template <int N> struct Count {
  static constexpr int value = N;
};

// Calls use(Count<N>(), i) for the parts i ... i + N - 1 of a run, N at most MOST.
template <int MOST, class Use> DBAR_INLINE void in_parts(int count, Use use) {
  for (int i = 0; i < count; i += MOST)
    switch (count - i) {
    case 1:
      use(Count<1>(), i);
      break;
    case 2:
      use(Count<(MOST < 2 ? MOST : 2)>(), i);
      break;
    case 3:
      use(Count<(MOST < 3 ? MOST : 3)>(), i);
      break;
    default:
      use(Count<MOST>(), i);
    }
}
static_assert(longest_run == 4, "cases above");

DBAR_INLINE long of_degree(const Triples &t, int l, int q) {
  return static_cast<long>(l * l) * t.channels + q;
}

// The couplings of the pairs of one run.
template <int N> DBAR_INLINE void couple_run(const Triples &t, const Pairing &pairing, const V *x, const V *y, V *z) {
  const int *bound = t.bound + pairing.bound;
  const int width = 2 * pairing.l + 1;
  for (int m = 0; m < width; ++m) {
    V sum[N] = {};
    for (const Element *e = t.element + bound[m]; e < t.element + bound[m + 1]; ++e) {
      const V a = held(e->value * x[e->x]);
      for (int i = 0; i < N; ++i)
        sum[i] += a * y[e->y + i];
    }
    for (int i = 0; i < N; ++i)
      z[i * width + m] = sum[i];
  }
}

DBAR_INLINE V *couple(const Triples &t, const Pairing &pairing, const V *c, V *z) {
  for (const ChannelRun *run = t.run + pairing.run; run < t.run + pairing.runs_end; ++run) {
    const V *x = c + of_degree(t, pairing.lx, run->q), *y = c + of_degree(t, pairing.ly, run->p);
    in_parts<longest_run>(run->count, [&](auto n, int) { couple_run<decltype(n)::value>(t, pairing, x, y, z); });
    z += run->count * (2 * pairing.l + 1);
  }
  return z;
}

DBAR_INLINE void couple_all(const Triples &t, const Triple &triple, const V *c, V *z) {
  z = couple(t, triple.of12, c, z);
  z = couple(t, triple.of13, c, z);
  couple(t, triple.of23, c, z);
}

// Adds the products of one coupling with N channels.
template <int N> DBAR_INLINE void add_values(const V *z, const V *c, int width, long step, V *B) {
  V sum[N] = {};
  for (int m = 0; m < width; ++m) {
    const V each = held(z[m]);
    for (int i = 0; i < N; ++i)
      sum[i] += each * c[m * step + i];
  }
  for (int i = 0; i < N; ++i)
    B[i] += sum[i];
}

DBAR_INLINE void add_values(const Triples &t, const Triple &s, const ComponentRun &k, const V *c, const V *z, V *B) {
  const V *c3 = c + of_degree(t, s.l3, k.q3);
  in_parts<longest_run>(
      k.count, [&](auto n, int) { add_values<decltype(n)::value>(z + k.z12, c3, 2 * s.l3 + 1, t.channels, B + k.k); });
}

void triple_values(const Triples &t, const double *c, double *B, double *scratch) {
  V *z = (V *)scratch;
  for (const Triple *s = t.triple; s < t.triple + t.count; ++s) {
    couple(t, s->of12, (const V *)c, z);
    for (const ComponentRun *k = t.component + s->component; k < t.component + s->components_end; ++k)
      add_values(t, *s, *k, (const V *)c, z, (V *)B);
  }
}

// Adds the six derivatives of N components to dB: z13 and z23 are `width` apart, dc have 2l + 1 rows of all channels.
template <int N>
DBAR_INLINE void add_strains(const Triples &t, const Triple &s, const ComponentRun &k, int first, const V *dc,
                             const V *z, V *dB) {
  const long component = of_degree(t, t.lmax + 1, 0), step = t.channels;
  V sum[N][6] = {};
  const V *d = dc + of_degree(t, s.l3, k.q3 + first), *zs = z + k.z12;
  for (int m = 0; m < 2 * s.l3 + 1; ++m, d += step) {
    const V each = held(zs[m]);
    for (int q = 0; q < 6; ++q)
      for (int i = 0; i < N; ++i)
        sum[i][q] += each * d[q * component + i];
  }
  const auto add_shared = [&](const V *shared, const V *own, int width) {
    for (int m = 0; m < width; ++m, shared += step) {
      V each[N];
      for (int i = 0; i < N; ++i)
        each[i] = held(own[(first + i) * width + m]);
      for (int q = 0; q < 6; ++q) {
        const V x = held(shared[q * component]);
        for (int i = 0; i < N; ++i)
          sum[i][q] += each[i] * x;
      }
    }
  };
  add_shared(dc + of_degree(t, s.l2, k.q2), z + k.z13, 2 * s.l2 + 1);
  add_shared(dc + of_degree(t, s.l1, k.q1), z + k.z23, 2 * s.l1 + 1);
  V *to = dB + 6l * (k.k + first);
  for (int i = 0; i < N; ++i)
    for (int q = 0; q < 6; ++q)
      to[6 * i + q] += sum[i][q];
}

void triple_strains(const Triples &t, const double *c, const double *dc, double *B, double *dB, double *scratch) {
  V *z = (V *)scratch;
  constexpr int most = lanes == 8 ? longest_run : 2; // what the registers hold
  for (const Triple *s = t.triple; s < t.triple + t.count; ++s) {
    couple_all(t, *s, (const V *)c, z);
    for (const ComponentRun *k = t.component + s->component; k < t.component + s->components_end; ++k) {
      add_values(t, *s, *k, (const V *)c, z, (V *)B);
      in_parts<most>(k->count, [&](auto n, int first) {
        add_strains<decltype(n)::value>(t, *s, *k, first, (const V *)dc, z, (V *)dB);
      });
    }
  }
}

template <int N>
DBAR_INLINE void add_adjoint(const Triples &t, const Triple &s, const ComponentRun &k, const V *theta, const V *z,
                             V *A) {
  const long step = t.channels;
  V each[N];
  for (int i = 0; i < N; ++i)
    each[i] = held(theta[k.k + i]);
  V *to = A + of_degree(t, s.l3, k.q3);
  for (int m = 0; m < 2 * s.l3 + 1; ++m, to += step) {
    const V x = held(z[k.z12 + m]);
    for (int i = 0; i < N; ++i)
      to[i] += each[i] * x;
  }
  const auto add_shared = [&](V *shared, const V *own, int width) {
    for (int m = 0; m < width; ++m, shared += step) {
      V sum = *shared;
      for (int i = 0; i < N; ++i)
        sum += each[i] * own[i * width + m];
      *shared = sum;
    }
  };
  add_shared(A + of_degree(t, s.l2, k.q2), z + k.z13, 2 * s.l2 + 1);
  add_shared(A + of_degree(t, s.l1, k.q1), z + k.z23, 2 * s.l1 + 1);
}

void triple_adjoint(const Triples &t, const double *c, const double *theta, double *A, double *scratch) {
  V *z = (V *)scratch;
  for (const Triple *s = t.triple; s < t.triple + t.count; ++s) {
    couple_all(t, *s, (const V *)c, z);
    for (const ComponentRun *k = t.component + s->component; k < t.component + s->components_end; ++k)
      in_parts<longest_run>(
          k->count, [&](auto n, int) { add_adjoint<decltype(n)::value>(t, *s, *k, (const V *)theta, z, (V *)A); });
  }
}

const TripleEntry triple_kernels = {triple_values, triple_strains, triple_adjoint};

} // namespace

const TripleEntry *triple_entry(With<Isa::DBAR_ISA>) {
  return &triple_kernels;
}

} // namespace dbar::soap
