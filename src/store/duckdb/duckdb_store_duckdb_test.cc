#include "contract/store_contract.h"
#include "store/duckdb/test_folder.h"

namespace gnomon::store::contract {
namespace {

class DuckdbHarness final : public Harness {
 public:
  std::unique_ptr<Store> open() override { return opened("one.duckdb"); }
  std::unique_ptr<Store> open_second() override { return opened("two.duckdb"); }

 private:
  std::unique_ptr<Store> opened(const std::string& name) {
    duckdb::Options options;
    options.tail_rows = 300;  // so that small histories are flushed and summed up many times
    options.keep = {};
    auto store = duckdb::open(folder_.path() / name, options);
    if (!store) ADD_FAILURE() << store.error().message();
    return store ? std::move(*store) : nullptr;
  }
  duckdb::TestFolder folder_;
};

std::unique_ptr<Harness> make_duckdb_harness() {
  return std::make_unique<DuckdbHarness>();
}

INSTANTIATE_TEST_SUITE_P(Duckdb, StoreContract, testing::Values(&make_duckdb_harness));

}  // namespace
}  // namespace gnomon::store::contract
