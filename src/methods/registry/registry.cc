#include "methods/registry/registry.h"

#include <array>

#include "methods/echo/echo_method.h"
#include "methods/stamp/stamp_method.h"

namespace gnomon::methods {

std::span<const Method* const> all_methods() {
  static const std::array<const Method*, 2> methods = {&echo::method(), &stamp::method()};
  return methods;
}

}  // namespace gnomon::methods
