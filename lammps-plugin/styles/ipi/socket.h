// Client side of i-PI's socket protocol: connect, wait for positions, hand back what was computed.
// Plain bytes in atomic units; knows neither LAMMPS nor MPI, lives on one rank.
//
// Protocol: i-PI's manual and V. Kapil et al., Comput. Phys. Commun. 236, 214 (2019). A message is a
// word padded to 12 characters, then data in the byte order of the machine.
#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

namespace dbar {

struct IpiAddress {
  std::string host; // of a Unix socket: the name behind the prefix
  int port = 0;     // 0: a Unix socket
  std::string prefix = "/tmp/ipi_";
  std::string text() const; // for messages
};

// i-PI, or the way to it, is gone without EXIT.
struct IpiLost : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct IpiResult {
  double energy;             // Hartree
  std::vector<double> force; // [3 natoms], Hartree/Bohr
  std::array<double, 9> virial;
  std::string extras;
};

class IpiSocket {
public:
  IpiSocket() = default;
  IpiSocket(const IpiSocket &) = delete;
  IpiSocket &operator=(const IpiSocket &) = delete;
  ~IpiSocket() { close(); }

  // Tries for `patience` seconds, as long as nobody listens. The rest of a message that has begun is
  // waited for as long. Raises std::runtime_error.
  void connect(const IpiAddress &address, double patience);
  void close();
  bool is_open() const { return fd_ >= 0; }

  // Waits, as long as it takes, for the next structure; false: i-PI said EXIT. Raises IpiLost, and
  // std::runtime_error for what is not the protocol.
  bool receive(std::array<double, 9> &cell, std::vector<double> &positions);
  // Waits until i-PI asks for forces and sends them; false: i-PI said EXIT instead.
  bool send(const IpiResult &result);
  // What i-PI sent with INIT, empty if nothing.
  const std::string &parameters() const { return parameters_; }

private:
  std::string next_word();
  void read_init();
  void read(void *data, std::size_t size, bool begun);
  void write(const void *data, std::size_t size);
  void say(const char *word);

  int fd_ = -1;
  double patience_ = 0.0;
  bool initialised_ = false;
  std::string parameters_;
};

} // namespace dbar
