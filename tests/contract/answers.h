#pragma once

// Holding a store's answers against the naive twin's, and two stores' against each other. For tests only.

#include <gtest/gtest.h>

#include "contract/workload.h"
#include "store/store.h"

namespace gnomon::store::contract {

// Asserts that the result is there and takes it.
template <typename T>
T value_of(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message();
    return {};
  }
  return std::move(*result);
}

void apply_range(Store& store, const History& history, std::uint64_t from, std::uint64_t up_to);
// Applies everything in ranges of random length, up to `longest` records each.
void apply_all(Store& store, const History& history, Random& random, std::uint64_t longest);

// Random queries of every kind, each compared with the history's truth over all its windows.
void expect_true_answers(Store& store, const History& history, Random& random, int rounds);
// Every list and many queries of both stores are equal.
void expect_equal_answers(Store& a, Store& b, const History& history, Random& random);

}  // namespace gnomon::store::contract
