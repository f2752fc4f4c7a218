// Threads that the system does not give: what could be started ends, and who asked is told.
#include "engine/workers.h"

#include <dlfcn.h>
#include <pthread.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

static int allowed = 2;

extern "C" int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *with) {
  if (allowed-- <= 0)
    return EAGAIN;
  using Create = int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  return reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"))(thread, attributes, run, with);
}

int main() {
  try {
    dbar::Workers five(5);
    std::puts("five");
  } catch (const std::system_error &e) {
    std::puts(e.code().value() == EAGAIN ? "told" : e.what());
  }
}
