#include "engine/late_call.h"

#include <utility>

namespace dbar {

LateCall::~LateCall() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void LateCall::begin(std::function<void()> call) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    call_ = std::move(call);
  }
  changed_.notify_all();
}

void LateCall::wait() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return !call_; });
}

void LateCall::work() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return over_ || call_; });
    if (!call_)
      return;
    lock.unlock();
    call_();
    lock.lock();
    call_ = nullptr;
    changed_.notify_all();
  }
}

} // namespace dbar
