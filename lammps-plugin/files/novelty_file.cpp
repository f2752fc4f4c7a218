#include "files/novelty_file.h"

#include "kernels/words.h"

namespace dbar {

namespace {

Novelty read_model(const std::string &before, const Json &json) {
  Novelty model;
  if (json.is_null())
    return model;
  JsonReader in(before, json);
  model.mean = in.numbers("mean");
  const Json &matrix = in.list("matrix", "a list of rows");
  for (std::size_t k = 0; k < matrix.size(); ++k) {
    const Json &row = matrix[k];
    const auto values = in.numbers("matrix[" + std::to_string(k) + "]", row);
    if (values.size() != model.mean.size())
      in.wrong("matrix", row, "rows of " + std::to_string(model.mean.size()) + " numbers, as many as mean has");
    model.matrix.insert(model.matrix.end(), values.begin(), values.end());
  }
  for (const char *about : {"count", "shrinkage", "limit"}) // for readers
    in.has(about);
  in.finish();
  return model;
}

} // namespace

NoveltyFile::NoveltyFile(const std::string &path, const std::string &text) : where_("model " + path + ": ") {
  const Json json = parse_json(where_ + "not valid JSON (numbers must be finite)", text);
  JsonReader in(where_, json);
  if (in.text("schema") != "dbar-novelty/1")
    in.wrong("schema", json["schema"], "\"dbar-novelty/1\"");
  descriptor = read_descriptor(in.object("descriptor"), true);
  descriptor.units = in.text("lammps_units");
  if (descriptor.perspecies)
    in.wrong("descriptor: perspecies", true, "false");
  const std::string expected =
      "a list with a model, or null, for each of " + std::to_string(descriptor.ntypes) + " types";
  const Json &list = in.get("models", expected);
  if (!list.is_array() || static_cast<int>(list.size()) != descriptor.ntypes)
    in.wrong("models", list, expected);
  for (const auto &model : list)
    models.push_back(read_model(where_ + "models: ", model));
  for (const char *about : {"species", "comment"}) // for readers
    in.has(about);
  in.finish();
}

std::unique_ptr<Descriptor> NoveltyFile::make_descriptor(const std::string &units, int ntypes) const {
  if (descriptor.units != units)
    throw std::runtime_error(where_ + "lammps_units: found " + descriptor.units + ", expected " + units +
                             " as this run has");
  if (descriptor.ntypes != ntypes)
    throw std::runtime_error(where_ + "ntypes: found " + std::to_string(descriptor.ntypes) + ", expected " +
                             std::to_string(ntypes) + " as this run has");
  std::unique_ptr<Descriptor> made;
  try {
    made = descriptor.make(ntypes);
  } catch (const BadSetting &e) {
    throw std::runtime_error(where_ + "descriptor: " + e.what());
  }
  for (const auto &model : models)
    if (!model.mean.empty() && static_cast<int>(model.mean.size()) != made->size())
      throw std::runtime_error(where_ + "mean: found " + std::to_string(model.mean.size()) + " numbers, expected " +
                               std::to_string(made->size()) + ", one for each component of the descriptor");
  return made;
}

} // namespace dbar
