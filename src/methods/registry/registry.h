#pragma once

// The list of all methods: one line each. Immutable; any thread.

#include <span>

namespace gnomon::methods {

class Method;

std::span<const Method* const> all_methods();

}  // namespace gnomon::methods
