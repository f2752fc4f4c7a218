// What fix dbar/stream tells Python of itself and of the system when a session begins.
#include "files/json_text.h"
#include "styles/compute/chunk_rows.h"
#include "styles/compute/dbar.h"
#include "styles/stream/style.h"

#include "atom.h"
#include "domain.h"
#include "group.h"
#include "universe.h"
#include "update.h"

#include <chrono>
#include <cstdint>
#include <utility>

using namespace LAMMPS_NS;

std::string FixDbarStream::settings_json() const {
  dbar::JsonObject json;
  json.text("fix_id", id).raw("descriptor", compute_->settings_json());
  json.integer("size", compute_->size()).flag("virial", compute_->has_virial());
  json.text("units", update->unit_style).number("dt", update->dt);
  json.integer("nevery", nevery).integer("nrepeat", options_.nrepeat).integer("nfreq", options_.nfreq);
  json.integer("natoms", group->count(igroup)).raw("thermo", dbar::json_list(options_.columns()));
  std::vector<std::string> boundary;
  for (int d = 0; d < 3; ++d)
    boundary.push_back(dbar::goes_on_along(*domain, d) ? "p" : "f");
  json.raw("boundary", dbar::json_list(boundary));
  json.text_or_null("store", options_.store)
      .text("monitor", options_.monitor)
      .text_or_null("python", options_.callable);
  json.raw("snapshot",
           "[" + dbar::json_quote(options_.snapshot) + "," + dbar::json_number(options_.snapshot_value) + "]");
  json.text_or_null("ensemble", options_.ensemble);
  for (const auto &[name, count] : {std::pair("persist", options_.persist), {"reference", options_.reference}})
    json.raw(name, count > 0 ? std::to_string(count) : "null");
  json.text_or_null("model", options_.model).flag("learn", options_.learn);
  json.raw("observe", dbar::json_list(options_.observe));
  json.raw("ahead", options_.ahead > 0.0 ? dbar::json_number(options_.ahead) : "null");
  json.raw("seldom", options_.seldom.empty() ? "null"
                                             : dbar::JsonObject()
                                                   .integer("every", options_.seldom_every)
                                                   .raw("names", dbar::json_list(options_.seldom))
                                                   .str());
  dbar::JsonObject chunk;
  if (chunks_)
    chunk.text("id", options_.chunk_id).text("style", "chunk/atom").integer("count", chunks_->count());
  if (!options_.grid.empty())
    chunk.raw("grid", fmt::format("[{},{},{}]", options_.grid[0], options_.grid[1], options_.grid[2]));
  json.raw("chunk", chunks_ ? chunk.str() : "null");
  json.raw("masses", dbar::masses_json(atom));
  json.integer("replica", universe->iworld).integer("replicas", universe->nworlds);
  // absolute: Python may take seconds to start before it reads this
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  json.number("began", now.count() - (platform::walltime() - lmp->initclock));
  json.integer("step", update->ntimestep);
  json.raw("restart", restart_step_ < 0 ? "null"
                                        : dbar::JsonObject()
                                              .integer("step", restart_step_)
                                              .integer("snapshots", static_cast<bigint>(outputs_[SNAPSHOTS]))
                                              .str());
  json.text("lammps_version", lmp->version).text("plugin_version", DBAR_VERSION);
  // a 32-bit integer in MPICH, a pointer in Open MPI: mpi4py takes either as an unsigned integer
  const auto handle = (std::uintptr_t)(world);
  json.integer("comm", sizeof(MPI_Comm) == 4 ? static_cast<std::uint32_t>(handle) : static_cast<long long>(handle));
  return json.str();
}
