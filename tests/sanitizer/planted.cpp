// Errors on purpose, compiled into every module of a sanitized build (-DDBAR_SANITIZE=ON) and into no other.
// planted.py calls them and looks for the reports: without those a clean run of the tests would prove nothing.
#define DBAR_PLANTED extern "C" __attribute__((visibility("default"), noinline))

// Reads element i of an array of 8.
DBAR_PLANTED int dbar_planted_overflow(int i) {
  int *volatile array = new int[8](); // volatile: the compiler knows no size
  const int value = array[i];
  delete[] array;
  return value;
}

// 1 shifted by i bits: undefined from 32 on.
DBAR_PLANTED int dbar_planted_shift(int i) {
  return 1 << i;
}
