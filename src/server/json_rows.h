#pragma once

// The rows that several answers share, as JSON (docs/openapi.yaml). Pure functions.

#include <span>
#include <string>

#include "server/json_writer.h"
#include "server/live_view.h"
#include "server/observatory.h"
#include "server/region_control.h"

namespace gnomon::server {

// The members of PathFields, without the braces, so that more can follow.
void write_path_members(JsonWriter& json, const PathView& path);
void write_path(JsonWriter& json, const PathView& path);
std::string paths_json(std::span<const PathView> paths);  // {"paths":[…]}
// {"columns":[…],"rows":[[…],…]}: what lists and meshes show, a tenth of the bytes of whole rows.
std::string path_figures_json(std::span<const PathView> paths);
std::string path_states_json(std::span<const PathView> paths);
void write_counts(JsonWriter& json, const PathCounts& counts);
void write_link(JsonWriter& json, const RegionLink& link);
std::string link_json(const RegionLink& link);
// `enrolled` is nothing for a probe that the registry does not know, `probe` for one that never reported.
void write_probe(JsonWriter& json, const EnrolledProbe* enrolled, const ProbeView* probe);
void write_outcome(JsonWriter& json, std::string_view name, std::optional<schema::Outcome> outcome);

}  // namespace gnomon::server
