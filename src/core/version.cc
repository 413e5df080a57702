#include "core/version.h"

namespace gnomon {

std::string_view version() {
  return "0.1.0";
}

}  // namespace gnomon
