"""A process in which the memory of C++ ends, by a library that is loaded before all others."""

import os
import subprocess

_SOURCE = """
#include <dlfcn.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

static bool ends(std::size_t size, void *caller) {
  static const char *const when = std::getenv("STARVED");
  if (!when)
    return false;
  if (*when == 't')
    return syscall(SYS_gettid) != getpid();
  Dl_info info;
  if (size < 64 || !dladdr(caller, &info) || !std::strstr(info.dli_fname, "libdbar_styles") || access("armed", F_OK))
    return false;
  static std::atomic<int> left(std::atoi(when));
  return left-- <= 0;
}
void *operator new(std::size_t size) {
  void *memory = ends(size, __builtin_return_address(0)) ? nullptr : std::malloc(size ? size : 1);
  if (!memory)
    throw std::bad_alloc();
  return memory;
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, std::size_t) noexcept { std::free(memory); }
"""


def memory_that_ends(folder):
    """Environment of a process whose memory ends if STARVED is set.

    ``thread``: in every thread but the first. A number: what the styles ask for fails from so many times on, once a
    file `armed` is there; small texts do not count.
    """
    (folder / "starve.cpp").write_text(_SOURCE)
    library = folder / "starve.so"
    words = [os.environ.get("CXX", "c++"), "-shared", "-fPIC", "-O1", "-o", library]
    subprocess.run([*words, folder / "starve.cpp"], check=True)
    return {"LD_PRELOAD": str(library)}
