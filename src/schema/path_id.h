#pragma once

// The identity of a path (core/ids.h) from its probe and the fields marked * in proto/gnomon/v1/batch.proto. Pure
// function; the hashed bytes are fixed in docs/spec/batch.md.

#include "core/ids.h"

namespace gnomon::v1 {
class Path;
}

namespace gnomon::schema {

PathId path_id(const ProbeId& probe, const v1::Path& path);

}  // namespace gnomon::schema
