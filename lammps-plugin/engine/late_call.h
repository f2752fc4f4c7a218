// One call at a time in a thread of its own, whose end is waited for later. The thread lives as long as this: Python
// and OpenMP keep things for each thread that calls them.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace dbar {

class LateCall {
public:
  LateCall() : thread_([this] { work(); }) {}
  ~LateCall(); // waits
  LateCall(const LateCall &) = delete;
  LateCall &operator=(const LateCall &) = delete;

  // The call must not throw; the one before must have been waited for.
  void begin(std::function<void()> call);
  // At once if nothing was begun.
  void wait();

private:
  void work();

  std::function<void()> call_; // empty: none is at work
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_; // last, as it uses the others
};

} // namespace dbar
