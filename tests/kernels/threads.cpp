// Threads that wait for work: every part is called once a round, and what one throws arrives where it was asked for.
#include "engine/workers.h"

#include <cstdio>
#include <new>
#include <stdexcept>
#include <string>

int main() {
  dbar::Workers three(3), alone(1);
  long calls[3] = {};
  for (int round = 0; round < 20000; ++round)
    three.run([&](int t) { calls[t] += 1; });
  std::printf("%d %ld %ld %ld\n", three.count(), calls[0], calls[1], calls[2]);
  for (auto *workers : {&three, &alone})
    try {
      workers->run([&](int t) {
        if (t == 2)
          throw std::bad_alloc();
        if (t == workers->count() / 2)
          throw std::runtime_error("part " + std::to_string(t));
      });
    } catch (const std::exception &e) {
      std::printf("%s\n", e.what());
    }
  int again = 0;
  three.run([&](int t) { again += t == 1; });
  std::printf("%d\n", again);
}
