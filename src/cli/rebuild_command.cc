// gnomon rebuild DIR: makes the tables anew from the journal. The old ones stay in use until the new ones are whole,
// and their retention settings are kept.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "core/log.h"
#include "crypto/ed25519.h"
#include "journal/journal.h"
#include "segment/file_system.h"
#include "server/applier.h"
#include "server/data_folder.h"
#include "store/duckdb/duckdb_store.h"

namespace gnomon::cli {

namespace {

struct RebuildArguments {
  std::string folder = "gnomon-data";
  bool json = false;
};

struct Rebuilt {
  std::uint64_t records = 0;
  std::uint64_t windows = 0;
  std::uint64_t bytes = 0;
  double seconds = 0;
};

// Of the tables as they are; the usual retention when they cannot be read.
store::duckdb::Options options_like(const std::filesystem::path& file) {
  store::duckdb::Options options;
  if (!std::filesystem::exists(file)) return options;
  auto old = store::duckdb::open(file);
  auto use = old ? (*old)->storage() : tl::unexpected(old.error());
  if (!use) {
    log::warning("rebuild: the old tables cannot be read, so the usual retention is set: {}", use.error().message());
    return options;
  }
  for (std::size_t l = 0; l < store::kLevels; ++l) options.keep[l] = use->levels[l].retention;
  return options;
}

Status fill(const journal::Journal& journal, const std::filesystem::path& file, const store::duckdb::Options& options,
            const Clock& clock, Rebuilt& rebuilt) {
  auto store = store::duckdb::open(file, options);
  if (!store) return tl::unexpected(store.error());
  const std::uint64_t total = journal.durable_records();
  auto told = clock.now();
  const auto progress = [&](std::uint64_t records) {
    if (clock.now() - told < std::chrono::seconds(2)) return;
    told = clock.now();
    fmt::print(stderr, "{} of {} journal records applied\n", records, total);
  };
  if (auto status = server::apply_all(journal, **store, progress); !status) return status;
  if (auto status = (*store)->enforce_retention(clock.wall()); !status) return status;
  if (auto status = (*store)->compact(); !status) return status;
  rebuilt.records = (*store)->position().records;
  rebuilt.windows = (*store)->windows_stored();
  return {};
}

Result<Rebuilt> rebuild(const std::string& path) {
  const SystemClock clock;
  const MonotonicTime begin = clock.now();
  if (auto status = server::DataFolder::check(path); !status) return tl::unexpected(status.error());
  auto folder = server::DataFolder::open(path);
  if (!folder) return tl::unexpected(folder.error());
  auto key = crypto::PrivateKey::load_or_create(folder->keys() / "observatory.pem");
  if (!key) return tl::unexpected(key.error());
  journal::JournalOptions journal_options;
  journal_options.lock_folder = false;  // DataFolder holds the lock
  auto journal =
      journal::Journal::open(segment::real_file_system(), folder->root().string(), *key, clock, journal_options);
  if (!journal) return tl::unexpected(journal.error());

  const auto file = folder->store() / "gnomon.duckdb";
  const auto fresh = folder->store() / "gnomon.duckdb.new";
  const store::duckdb::Options options = options_like(file);
  if (auto status = store::duckdb::remove(fresh); !status) return tl::unexpected(status.error());
  Rebuilt rebuilt;
  if (auto status = fill(**journal, fresh, options, clock, rebuilt); !status) return tl::unexpected(status.error());
  if (auto status = store::duckdb::replace(fresh, file); !status) return tl::unexpected(status.error());
  std::error_code unknown;
  rebuilt.bytes = std::filesystem::file_size(file, unknown);
  rebuilt.seconds = std::chrono::duration<double>(clock.now() - begin).count();
  return rebuilt;
}

void print(const Rebuilt& rebuilt, bool json) {
  if (json) {
    fmt::print("{{\"records\":{},\"windows\":{},\"bytes\":{},\"seconds\":{:.3f}}}\n", rebuilt.records, rebuilt.windows,
               rebuilt.bytes, rebuilt.seconds);
    return;
  }
  fmt::print("Tables made anew in {:.1f} s: {} windows from {} journal records, {:.1f} MB on disk.\n", rebuilt.seconds,
             rebuilt.windows, rebuilt.records, static_cast<double>(rebuilt.bytes) / 1e6);
}

}  // namespace

void add_rebuild_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<RebuildArguments>();
  CLI::App* command = app.add_subcommand("rebuild", "Make the tables anew from the journal, with equal answers");
  command->add_option("DIR", arguments->folder, "data folder of a server that does not run")->capture_default_str();
  command->add_flag("--json", arguments->json, "print one JSON object");
  command->callback([arguments, &exit_code] {
    const auto rebuilt = rebuild(arguments->folder);
    if (!rebuilt) {
      exit_code = report(rebuilt.error());
      return;
    }
    print(*rebuilt, arguments->json);
  });
}

}  // namespace gnomon::cli
