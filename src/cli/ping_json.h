#pragma once

// The answer of `gnomon ping --json`: one object, the path's fields of gnomon.v1.Path, some quantiles, and one row of
// gnomon.v1.DelayWindows (schema/json.h). Pure function.

#include <optional>
#include <string>

#include "cli/ping_view.h"

namespace gnomon::cli {

std::string ping_json(const PingSubject& subject, const methods::DelaySpec& spec,
                      const std::optional<schema::DelayWindow>& window);

}  // namespace gnomon::cli
