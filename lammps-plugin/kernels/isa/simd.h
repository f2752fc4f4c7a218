// Vectors of DBAR_LANES doubles by the compiler's vector extension.
// Everything below is private to the file that includes it: each instruction set has its own copy.
#pragma once

namespace dbar {
namespace {

constexpr int lanes = DBAR_LANES;
typedef double V __attribute__((vector_size(8 * DBAR_LANES)));
typedef long long I __attribute__((vector_size(8 * DBAR_LANES)));

#define DBAR_INLINE static inline __attribute__((always_inline))

DBAR_INLINE V broadcast(double x) {
  return x - V{}; // x - 0 is x even for -0, 0 + x is not
}

// A value that stays in its register: compilers else read it from memory at every use.
DBAR_INLINE V held(V x) {
#if defined(__x86_64__)
  asm("" : "+v"(x));
#endif
  return x;
}

// Vectors in memory that are aligned as numbers are.
DBAR_INLINE V load(const double *from) {
  V x;
  __builtin_memcpy(&x, from, sizeof x);
  return x;
}

DBAR_INLINE void store(double *to, V x) {
  __builtin_memcpy(to, &x, sizeof x);
}

DBAR_INLINE V square_root(V x) {
  V out;
  for (int i = 0; i < lanes; ++i)
    out[i] = __builtin_sqrt(x[i]);
  return out;
}

template <int STEP> DBAR_INLINE void exchange(V &a, V &b) {
  const V x = a, y = b;
#ifdef __clang__
  for (int i = 0; i < lanes; ++i) {
    a[i] = i & STEP ? y[i & ~STEP] : x[i];
    b[i] = i & STEP ? y[i] : x[i | STEP];
  }
#else
  I first{}, second{};
  for (int i = 0; i < lanes; ++i) {
    first[i] = i & STEP ? lanes + (i & ~STEP) : i;
    second[i] = i & STEP ? lanes + i : (i | STEP);
  }
  a = __builtin_shuffle(x, y, first);
  b = __builtin_shuffle(x, y, second);
#endif
}

template <int STEP> DBAR_INLINE void exchange_all(V *rows) {
#pragma GCC unroll 8
  for (int i = 0; i < lanes; ++i)
    if (!(i & STEP))
      exchange<STEP>(rows[i], rows[i | STEP]);
}

// Rows become columns.
DBAR_INLINE void transpose(V *rows) {
  exchange_all<1>(rows);
  if constexpr (lanes > 2)
    exchange_all<2>(rows);
  if constexpr (lanes > 4)
    exchange_all<4>(rows);
}

// e^x to about one unit in the last place for x <= 0; below -700 it is that of -700, which is no number to speak of.
DBAR_INLINE V exponential(V x) {
  x = x < -700.0 ? broadcast(-700.0) : x;
  const double shift = 6755399441055744.0; // 1.5 * 2^52: the sum's last bits are the integer
  const V t = x * 1.44269504088896340736 + shift;
  const V k = t - shift;
  V y = x - k * 6.93147180369123816490e-01;
  y = y - k * 1.90821492927058770002e-10;
  V p = y * (1.0 / 6227020800.0) + 1.0 / 479001600.0; // Taylor's series, |y| < 0.35
  p = p * y + 1.0 / 39916800.0;
  p = p * y + 1.0 / 3628800.0;
  p = p * y + 1.0 / 362880.0;
  p = p * y + 1.0 / 40320.0;
  p = p * y + 1.0 / 5040.0;
  p = p * y + 1.0 / 720.0;
  p = p * y + 1.0 / 120.0;
  p = p * y + 1.0 / 24.0;
  p = p * y + 1.0 / 6.0;
  p = p * y + 0.5;
  p = p * y + 1.0;
  p = p * y + 1.0;
  const I power = ((I)t - 0x4338000000000000LL + 1023) << 52; // 2^k
  return p * (V)power;
}

// Sine and cosine to about one unit in the last place for |y| <= pi/4: the polynomials of fdlibm.
DBAR_INLINE void reduced_sine_cosine(V y, V &sine, V &cosine) {
  const V z = y * y;
  V s = z * 1.58969099521155010221e-10 - 2.50507602534068634195e-08;
  s = z * s + 2.75573137070700676789e-06;
  s = z * s - 1.98412698298579493134e-04;
  s = z * s + 8.33333333332248946124e-03;
  s = z * s - 1.66666666666666324348e-01;
  sine = y + y * z * s;
  V c = z * -1.13596475577881948265e-11 + 2.08757232129817482790e-09;
  c = z * c - 2.75573143513906633035e-07;
  c = z * c + 2.48015872894767294178e-05;
  c = z * c - 1.38888888888741095749e-03;
  c = z * c + 4.16666666666666019037e-02;
  cosine = 1.0 - 0.5 * z + z * z * c;
}

// The same for |x| < 1e5: reduction by multiples of pi/2 in three parts.
DBAR_INLINE void sine_cosine(V x, V &sine, V &cosine) {
  const double shift = 6755399441055744.0; // 1.5 * 2^52: the sum's last bits are the integer
  const V t = x * 0.63661977236758134308 + shift;
  const V k = t - shift;
  const I quadrant = (I)t;
  V y = x - k * 1.57079632673412561417e+00;
  y = y - k * 6.07710050630396597660e-11;
  y = y - k * 2.02226624871116645580e-21;
  V s, c;
  reduced_sine_cosine(y, s, c);
  const I odd = (quadrant & 1) != 0;
  const V first = odd ? c : s, second = odd ? s : c;
  sine = ((quadrant & 2) != 0) ? -first : first;
  cosine = (((quadrant + 1) & 2) != 0) ? -second : second;
}

} // namespace
} // namespace dbar
