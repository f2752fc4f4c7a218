#include "styles/entropy/session.h"

#include "engine/idle_wait.h"
#include "engine/raise_together.h"
#include "runtime/python_runtime.h"

#include "comm.h"

#include <utility>

namespace dbar {

void EntropySession::open(std::string settings_json) {
  if (settings_json == settings_)
    return;
  close();
  std::string failure;
  if (comm->me == 0)
    failure = python_failure(
        command_, [&](const dbar_bridge &bridge) { return bridge.open_entropy(settings_json.c_str(), &session_); });
  wait_idly(world);
  raise_together(error, world, failure);
  settings_ = std::move(settings_json);
}

EntropyValues EntropySession::evaluate(const dbar_configuration &configuration) {
  EntropyValues values = {};
  std::string failure;
  if (comm->me == 0)
    failure = python_failure(
        command_, [&](const dbar_bridge &bridge) { return bridge.entropy(session_, &configuration, values.data()); });
  raise_together(error, world, failure);
  MPI_Bcast(values.data(), dbar_nentropy, MPI_DOUBLE, 0, world);
  return values;
}

void EntropySession::close() {
  settings_.clear();
  if (!session_)
    return;
  const std::string failure =
      python_failure(command_, [&](const dbar_bridge &bridge) { return bridge.close(session_); });
  if (!failure.empty())
    error->warning(FLERR, failure);
  session_ = nullptr;
}

} // namespace dbar
