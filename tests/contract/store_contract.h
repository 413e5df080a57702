#pragma once

// What every store engine must pass: the tests in store_contract.cc run against each engine that instantiates the
// suite.
//
//   INSTANTIATE_TEST_SUITE_P(Duckdb, StoreContract, testing::Values(&make_duckdb_harness));

#include <gtest/gtest.h>

#include <memory>

#include "store/store.h"

namespace gnomon::store::contract {

// An engine with data of its own, gone with the harness.
class Harness {
 public:
  virtual ~Harness() = default;
  // Opens the store, whose data last over close and open. At most one is open at a time.
  virtual std::unique_ptr<Store> open() = 0;
  // Another, empty store beside the first.
  virtual std::unique_ptr<Store> open_second() = 0;
};

class StoreContract : public testing::TestWithParam<std::unique_ptr<Harness> (*)()> {
 protected:
  StoreContract() : harness(GetParam()()) {}
  std::unique_ptr<Harness> harness;
};

}  // namespace gnomon::store::contract
