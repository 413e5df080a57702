#pragma once

// Tests of access networks as JSON (docs/openapi.yaml): fields under the names of the .proto, enumerations as words,
// what is not known as null. Pure functions.

#include "server/json_writer.h"
#include "store/access.h"

namespace gnomon::server {

void write_access_row(JsonWriter& json, const store::AccessRow& row);
void write_access_summary(JsonWriter& json, const store::AccessSummary& summary);

}  // namespace gnomon::server
