// Threads that wait for work: started once, as starting them anew costs more than a small system's step.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace dbar {

class Workers {
public:
  explicit Workers(int count); // the caller is one of them
  ~Workers();
  Workers(const Workers &) = delete;
  Workers &operator=(const Workers &) = delete;

  int count() const { return static_cast<int>(threads_.size()) + 1; }
  // Calls part(0) ... part(count() - 1) at the same time and waits for all. Then what one of them threw is thrown here,
  // that of the lowest number.
  void run(const std::function<void(int)> &part);

private:
  void end();
  void wait_for_work(int number);
  void call(int number);

  std::vector<std::thread> threads_;
  std::vector<std::exception_ptr> thrown_; // by each part
  std::mutex mutex_;
  std::condition_variable begin_, end_;
  const std::function<void(int)> *part_ = nullptr;
  long round_ = 0; // of work; a thread that has seen it waits for the next
  int at_work_ = 0;
  bool over_ = false;
};

} // namespace dbar
