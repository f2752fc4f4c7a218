#include "engine/workers.h"

#include <algorithm>

namespace dbar {

Workers::Workers(int count) : thrown_(std::max(count, 1)) {
  try {
    threads_.reserve(thrown_.size());
    for (int number = 1; number < count; ++number)
      threads_.emplace_back([this, number] { wait_for_work(number); });
  } catch (...) {
    end(); // of those that could be started; a system may allow no more
    throw;
  }
}

Workers::~Workers() {
  end();
}

void Workers::end() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    over_ = true;
  }
  begin_.notify_all();
  for (auto &thread : threads_)
    thread.join();
}

void Workers::call(int number) {
  try {
    (*part_)(number);
  } catch (...) {
    thrown_[number] = std::current_exception();
  }
}

void Workers::wait_for_work(int number) {
  for (long seen = 0;; ++seen) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      begin_.wait(lock, [&] { return over_ || round_ > seen; });
      if (over_)
        return;
    }
    call(number);
    std::lock_guard<std::mutex> lock(mutex_);
    if (--at_work_ == 0)
      end_.notify_one();
  }
}

void Workers::run(const std::function<void(int)> &part) {
  std::fill(thrown_.begin(), thrown_.end(), nullptr);
  part_ = &part;
  if (!threads_.empty()) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ++round_;
      at_work_ = static_cast<int>(threads_.size());
    }
    begin_.notify_all();
  }
  call(0);
  if (!threads_.empty()) {
    std::unique_lock<std::mutex> lock(mutex_);
    end_.wait(lock, [this] { return at_work_ == 0; });
  }
  for (const auto &each : thrown_)
    if (each)
      std::rethrow_exception(each);
}

} // namespace dbar
