#include "styles/ipi/socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

namespace dbar {

namespace {

constexpr std::size_t word_size = 12;

using Clock = std::chrono::steady_clock;

std::string reason(int code) {
  return std::strerror(code);
}

void set_option(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof value); // a refusal costs speed, not correctness
}

// Small messages at once; a host that died without a word is noticed within half a minute.
void tune_tcp(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
#ifdef TCP_KEEPIDLE
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 15);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
#endif
}

// 0, or the error code of one attempt that may take until `end`. The socket is left non-blocking.
int attempt(int fd, const sockaddr *address, socklen_t size, Clock::time_point end) {
  fcntl(fd, F_SETFD, FD_CLOEXEC); // a child of the command shell must not keep the connection open
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  if (::connect(fd, address, size) == 0)
    return 0;
  if (errno != EINPROGRESS)
    return errno;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
  pollfd ready = {fd, POLLOUT, 0};
  if (poll(&ready, 1, static_cast<int>(std::max<long long>(left, 1))) <= 0)
    return ETIMEDOUT;
  int code = 0;
  socklen_t length = sizeof code;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &length);
  return code;
}

// An open socket, or -1 and the error code of the last attempt.
int open_unix(const std::string &path, Clock::time_point end, int &code) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    throw std::runtime_error("socket path " + path + " has " + std::to_string(path.size()) +
                             " characters, expected at most " + std::to_string(sizeof address.sun_path - 1));
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  code = fd < 0 ? errno : attempt(fd, reinterpret_cast<sockaddr *>(&address), sizeof address, end);
  if (code == 0)
    return fd;
  if (fd >= 0)
    ::close(fd);
  return -1;
}

int open_inet(const std::string &host, int port, Clock::time_point end, int &code) {
  addrinfo hints = {}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_family = AF_UNSPEC;
  if (const int failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found))
    throw std::runtime_error("host " + host + " not found: " + gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  // i-PI listens with IPv4 alone, while localhost may mean IPv6 first
  for (const addrinfo *a = found; a; a = a->ai_next) {
    const int fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
    code = fd < 0 ? errno : attempt(fd, a->ai_addr, a->ai_addrlen, end);
    if (code == 0) {
      tune_tcp(fd);
      return fd;
    }
    if (fd >= 0)
      ::close(fd);
  }
  return -1;
}

std::string trimmed(const std::string &word) {
  return word.substr(0, word.find_last_not_of(' ') + 1);
}

} // namespace

std::string IpiAddress::text() const {
  return port ? host + ":" + std::to_string(port) : prefix + host;
}

void IpiSocket::connect(const IpiAddress &address, double patience) {
  close();
  patience_ = patience;
  initialised_ = false;
  parameters_.clear();
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(patience));
  int code = 0;
  while (true) {
    fd_ = address.port ? open_inet(address.host, address.port, end, code)
                       : open_unix(address.prefix + address.host, end, code);
    if (fd_ >= 0)
      return;
    if (Clock::now() >= end)
      throw std::runtime_error("nobody listens at " + address.text() + " (" + reason(code) + ")");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

void IpiSocket::close() {
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = -1;
}

// Within a message i-PI has nothing to think about: silence means that the other side speaks another dialect.
void IpiSocket::read(void *data, std::size_t size, bool begun) {
  auto *at = static_cast<char *>(data);
  while (size > 0) {
    pollfd ready = {fd_, POLLIN, 0};
    const int found = poll(&ready, 1, begun ? static_cast<int>(1000 * patience_) : -1);
    if (found == 0)
      throw std::runtime_error("a message from i-PI stopped " + std::to_string(size) + " bytes before its end");
    if (found < 0 && errno == EINTR)
      continue;
    const ssize_t n = recv(fd_, at, size, 0);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (n <= 0)
      throw IpiLost(n == 0 ? "i-PI has closed the connection without EXIT" : "connection lost: " + reason(errno));
    at += n;
    size -= static_cast<std::size_t>(n);
    begun = true;
  }
}

void IpiSocket::write(const void *data, std::size_t size) {
  const auto *at = static_cast<const char *>(data);
  while (size > 0) {
    pollfd ready = {fd_, POLLOUT, 0};
    if (poll(&ready, 1, -1) < 0 && errno == EINTR)
      continue;
    const ssize_t n = ::send(fd_, at, size, MSG_NOSIGNAL);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (n < 0)
      throw IpiLost("connection lost: " + reason(errno));
    at += n;
    size -= static_cast<std::size_t>(n);
  }
}

void IpiSocket::say(const char *word) {
  std::string padded = word;
  padded.resize(word_size, ' ');
  write(padded.data(), padded.size());
}

std::string IpiSocket::next_word() {
  std::string word(word_size, ' ');
  read(word.data(), word.size(), false);
  return trimmed(word);
}

void IpiSocket::read_init() {
  std::int32_t head[2]; // the bead that happened to be first, the length of the text
  read(head, sizeof head, true);
  if (head[1] < 0)
    throw std::runtime_error("INIT announces " + std::to_string(head[1]) + " characters");
  parameters_.assign(static_cast<std::size_t>(head[1]), ' ');
  read(parameters_.data(), parameters_.size(), true);
  const auto batch = parameters_.find("batch_size:");
  if (batch != std::string::npos && std::atoi(parameters_.c_str() + batch + 11) > 1)
    throw std::runtime_error("i-PI sends structures in batches (" + trimmed(parameters_.substr(batch)) +
                             "), expected batch_size 1 in its <ffsocket>");
  initialised_ = true;
}

bool IpiSocket::receive(std::array<double, 9> &cell, std::vector<double> &positions) {
  while (true) {
    const std::string word = next_word();
    if (word == "STATUS") {
      say(initialised_ ? "READY" : "NEEDINIT");
    } else if (word == "INIT") {
      read_init();
    } else if (word == "EXIT") {
      return false;
    } else if (word == "POSDATA") {
      double inverse[9];
      std::int32_t natoms;
      read(cell.data(), sizeof cell, true);
      read(inverse, sizeof inverse, true);
      read(&natoms, sizeof natoms, true);
      if (natoms < 0 || (!positions.empty() && positions.size() != 3 * static_cast<std::size_t>(natoms)))
        throw std::runtime_error("i-PI sends " + std::to_string(natoms) + " atoms, expected " +
                                 std::to_string(positions.size() / 3));
      positions.resize(3 * static_cast<std::size_t>(natoms));
      read(positions.data(), positions.size() * sizeof(double), true);
      return true;
    } else {
      throw std::runtime_error("i-PI said " + word + ", expected STATUS, INIT, POSDATA or EXIT");
    }
  }
}

bool IpiSocket::send(const IpiResult &result) {
  while (true) {
    const std::string word = next_word();
    if (word == "STATUS") {
      say("HAVEDATA");
    } else if (word == "EXIT") {
      return false;
    } else if (word == "GETFORCE") {
      std::string bytes("FORCEREADY  ");
      const auto append = [&bytes](const void *data, std::size_t size) {
        bytes.append(static_cast<const char *>(data), size);
      };
      const auto natoms = static_cast<std::int32_t>(result.force.size() / 3);
      const auto length = static_cast<std::int32_t>(result.extras.size());
      append(&result.energy, sizeof result.energy);
      append(&natoms, sizeof natoms);
      append(result.force.data(), result.force.size() * sizeof(double));
      append(result.virial.data(), sizeof result.virial);
      append(&length, sizeof length);
      bytes += result.extras;
      write(bytes.data(), bytes.size());
      return true;
    } else {
      throw std::runtime_error("i-PI said " + word + ", expected STATUS, GETFORCE or EXIT");
    }
  }
}

} // namespace dbar
