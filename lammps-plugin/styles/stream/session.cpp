#include "styles/stream/session.h"

#include "engine/idle_wait.h"
#include "engine/raise_together.h"
#include "runtime/python_runtime.h"

#include "comm.h"

#include <algorithm>
#include <iterator>
#include <limits>

namespace dbar {

namespace {
constexpr double patience = 10.0; // seconds that a failed rank waits for the others before it aborts the job
// MPI counts the three coordinates of each atom that rank 0 gathers in 32 bits
constexpr LAMMPS_NS::bigint most_positions = std::numeric_limits<int>::max() / 3;
} // namespace

// Text of the failure, empty if there was none.
template <class Call> std::string StreamSession::timed(Call call) {
  const double start = LAMMPS_NS::platform::walltime();
  std::string failure = python_failure("Fix dbar/stream", [&](const dbar_bridge &bridge) {
    bridge_ = &bridge;
    return call();
  });
  seconds_ += LAMMPS_NS::platform::walltime() - start;
  return failure;
}

void StreamSession::open(const std::string &settings_json) {
  std::string failure;
  dbar_opened opened = {}, unused = {};
  if (comm->me == 0)
    failure = timed([&] { return bridge_->open("Session", settings_json.c_str(), &session_, &opened); });
  wait_idly(world);
  raise_together(error, world, failure);
  MPI_Bcast(&opened, sizeof opened, MPI_BYTE, 0, world);
  all_ranks_ = opened.wants_comm;
  snapshots_ = opened.snapshots;
  reference_ = opened.reference;
  if (all_ranks_ && comm->me != 0)
    failure = timed([&] { return bridge_->open("Observer", settings_json.c_str(), &session_, &unused); });
  if (all_ranks_)
    raise_together(error, world, failure);
  opened_ = true;
}

dbar_decision StreamSession::observe(const dbar_snapshot &snapshot, std::vector<double> &estimates) {
  said_.resize(estimates.size() + 1); // one too many, so that there is an address if there are none
  std::string failure;
  if (session_)
    failure = ask(snapshot);
  if (all_ranks_)
    raise_in_time(failure);
  return settle(failure, estimates);
}

void StreamSession::begin(const dbar_snapshot &snapshot, std::size_t estimates) {
  if (snapshot.chunks) // which may be many
    run_together(error, world, "Fix dbar/stream", [&] {
      const std::size_t width = (snapshot.V ? 7 : 1) * static_cast<std::size_t>(snapshot.size);
      if (comm->me == 0)
        chunks_.assign(snapshot.chunks, snapshot.chunks + snapshot.nchunk * width);
    });
  at_work_ = true;
  said_.resize(estimates + 1);
  if (comm->me != 0)
    return;
  late_ = snapshot;
  D_.assign(snapshot.D, snapshot.D + snapshot.size);
  thermo_.assign(snapshot.thermo, snapshot.thermo + snapshot.nthermo);
  late_.D = D_.data();
  late_.thermo = thermo_.data();
  if (snapshot.V) {
    V_.assign(snapshot.V, snapshot.V + 6 * static_cast<std::size_t>(snapshot.size));
    late_.V = V_.data();
  }
  if (snapshot.chunks)
    late_.chunks = chunks_.data();
  if (!thread_)
    thread_ = std::make_unique<LateCall>();
  thread_->begin([this] { failure_ = ask(late_); });
}

dbar_decision StreamSession::finish(std::vector<double> &estimates) {
  at_work_ = false;
  if (thread_)
    thread_->wait();
  return settle(failure_, estimates);
}

// Text of the failure, empty if there was none.
std::string StreamSession::ask(const dbar_snapshot &snapshot) {
  decision_ = {};
  double *asked = comm->me == 0 ? said_.data() : nullptr;
  return timed(
      [&] { return bridge_->observe(session_, &snapshot, &decision_, asked, static_cast<int>(said_.size()) - 1); });
}

// All ranks learn what Python answered.
dbar_decision StreamSession::settle(const std::string &failure, std::vector<double> &estimates) {
  struct {
    int failed;
    dbar_decision decision;
    double seconds;
  } message = {!failure.empty(), decision_, seconds_};
  MPI_Bcast(&message, sizeof message, MPI_BYTE, 0, world);
  seconds_ = message.seconds;
  if (message.failed)
    raise_together(error, world, failure);
  MPI_Bcast(said_.data(), static_cast<int>(said_.size()), MPI_DOUBLE, 0, world);
  std::copy(said_.begin(), said_.end() - 1, estimates.begin());
  snapshots_ = message.decision.snapshots;
  return message.decision;
}

// If one rank's observer raises while another's waits in a collective call of its own, nobody would
// ever come back. A rank that failed gives the others some time to arrive, then ends the job.
void StreamSession::raise_in_time(const std::string &failure) {
  const int failed = !failure.empty();
  int any = 0, done = 0;
  MPI_Request request;
  MPI_Iallreduce(&failed, &any, 1, MPI_INT, MPI_MAX, world, &request);
  const double start = LAMMPS_NS::platform::walltime();
  while (!done) {
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (!done && failed && LAMMPS_NS::platform::walltime() - start > patience)
      error->one(FLERR, failure);
  }
  if (any)
    raise_together(error, world, failure);
}

void StreamSession::keep_positions(const OwnPositions &own) {
  LAMMPS_NS::bigint everywhere = own.type.size();
  MPI_Allreduce(MPI_IN_PLACE, &everywhere, 1, MPI_LMP_BIGINT, MPI_SUM, world);
  if (everywhere > most_positions)
    error->all(FLERR, "Fix dbar/stream: keyword snapshot: the group has {} atoms, expected at most {}", everywhere,
               most_positions);
  const int mine = static_cast<int>(own.type.size());
  std::vector<int> counts(comm->nprocs), offsets(comm->nprocs + 1, 0), counts3(comm->nprocs), offsets3(comm->nprocs);
  MPI_Gather(&mine, 1, MPI_INT, counts.data(), 1, MPI_INT, 0, world);
  for (int p = 0; p < comm->nprocs; ++p) {
    offsets[p + 1] = offsets[p] + counts[p];
    counts3[p] = 3 * counts[p];
    offsets3[p] = 3 * offsets[p];
  }
  const int total = offsets[comm->nprocs]; // on rank 0
  std::vector<std::int64_t> all_id(total);
  std::vector<int> all_type(total);
  std::vector<double> all_x(3 * static_cast<std::size_t>(total));
  MPI_Gatherv(own.id.data(), mine, MPI_INT64_T, all_id.data(), counts.data(), offsets.data(), MPI_INT64_T, 0, world);
  MPI_Gatherv(own.type.data(), mine, MPI_INT, all_type.data(), counts.data(), offsets.data(), MPI_INT, 0, world);
  MPI_Gatherv(own.x.data(), 3 * mine, MPI_DOUBLE, all_x.data(), counts3.data(), offsets3.data(), MPI_DOUBLE, 0, world);

  std::string failure;
  if (comm->me == 0) {
    dbar_positions positions = {own.step, own.time, total, all_id.data(), all_type.data(), all_x.data(), {}, {}};
    std::copy(std::begin(own.box), std::end(own.box), positions.box);
    std::copy(std::begin(own.periodic), std::end(own.periodic), positions.periodic);
    failure = timed([&] { return bridge_->keep_positions(session_, &positions); });
  }
  raise_together(error, world, failure);
}

void StreamSession::close() {
  if (thread_)
    thread_->wait();
  at_work_ = false;
  if (session_) {
    const char *failure = bridge_->close(session_);
    if (failure)
      error->warning(FLERR, "Fix dbar/stream: Python: {}", failure);
  }
  session_ = nullptr;
  opened_ = false;
}

} // namespace dbar
