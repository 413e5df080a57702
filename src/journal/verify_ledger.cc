#include <fmt/format.h>

#include "journal/ledger_entry.h"
#include "journal/verify.h"
#include "journal/verify_report.h"

namespace gnomon::journal {

void compare_tile(VerifyReport& report, const TileId& tile, const std::string& file, const Result<std::string>& stored,
                  std::string_view expected) {
  const bool is_bundle = tile.level == TileId::kEntries;
  if (!stored) return add_problem(report, {file, std::nullopt, std::nullopt, stored.error().reason});
  if (*stored == expected) {
    ++(is_bundle ? report.bundles : report.tiles);
    return;
  }
  const std::uint64_t at = first_difference(*stored, expected);
  const std::uint64_t place = at / (is_bundle ? kEntryBytes + 2 : sizeof(Digest));
  const std::uint64_t first = tile.index * kTileWidth + place;
  // A hash above level 0 stands for 256^level leaves; the first of them is named.
  const std::uint64_t leaf = first << 8 * std::max(tile.level, 0);
  add_problem(report,
              {file, at, leaf, fmt::format("{} {} is not what the leaves give", is_bundle ? "entry" : "hash", place)});
}

std::optional<SignedTree> check_checkpoint(VerifyReport& report, const std::string& prefix, const Fetch& resource,
                                           const std::optional<VerifierKey>& expected_key) {
  const auto key_text = resource("key");
  if (!key_text) {
    add_problem(report, {prefix + "key", std::nullopt, std::nullopt, key_text.error().message()});
    return std::nullopt;
  }
  const bool ends_well = key_text->ends_with('\n');
  auto key = parse_verifier_key(std::string_view(*key_text).substr(0, key_text->size() - (ends_well ? 1 : 0)));
  if (!key || !ends_well) {
    const DecodeError error = key ? DecodeError{"no newline at the end", key_text->size() - 1} : key.error();
    add_problem(report, {prefix + "key", error.offset, std::nullopt, std::string(error.reason)});
    return std::nullopt;
  }
  if (expected_key && expected_key->text() != key->text()) {
    add_problem(report, {prefix + "key", 0, std::nullopt, "it is not the expected key"});
    return std::nullopt;
  }
  const auto note = resource("checkpoint");
  if (!note) {
    add_problem(report, {prefix + "checkpoint", std::nullopt, std::nullopt, note.error().message()});
    return std::nullopt;
  }
  const auto checkpoint = open_checkpoint(*note, *key);
  if (!checkpoint) {
    const DecodeError& error = checkpoint.error();
    add_problem(report, {prefix + "checkpoint", error.offset, std::nullopt, std::string(error.reason)});
    return std::nullopt;
  }
  if (checkpoint->origin != key->name) {
    add_problem(report, {prefix + "checkpoint", 0, std::nullopt, "the origin is not the log's name"});
  }
  ++report.checkpoints;
  report.ledger_name = key->name;
  report.ledger_size = checkpoint->size;
  report.root = checkpoint->root;
  return SignedTree{*std::move(key), *checkpoint};
}

namespace {

class LedgerCheck {
 public:
  LedgerCheck(VerifyReport& report, const Fetch& resource, const Checkpoint& tree, const OnProgress& progress)
      : report_(report), resource_(resource), tree_(tree), progress_(progress) {}

  void run() {
    const auto compare = [this](const TileId& tile, std::string_view content) -> Status {
      const std::string path = tile_path(tile);
      compare_tile(report_, tile, path, resource_(path), content);
      return {};
    };
    // Bundles are what the tree is computed from; hash tiles are then compared with it.
    const auto skip_bundles = [&](const TileId& tile, std::string_view content) -> Status {
      return tile.level == TileId::kEntries ? Status{} : compare(tile, content);
    };
    while (builder_.size() < tree_.size) {
      if (!add_bundle(skip_bundles)) return;
      if (progress_) progress_({"ledger", builder_.size(), tree_.size});
    }
    (void)builder_.each_partial(skip_bundles);
    if (builder_.root() != tree_.root) {
      add_problem(report_, {"checkpoint", std::nullopt, std::nullopt, "its root is not that of the entries"});
    }
  }

 private:
  bool add_bundle(const TileBuilder::Sink& sink) {
    const std::uint64_t index = builder_.size() / kTileWidth;
    const auto width = static_cast<unsigned>(std::min<std::uint64_t>(kTileWidth, tree_.size - builder_.size()));
    const std::string path = tile_path({TileId::kEntries, index, width});
    const auto content = resource_(path);
    if (!content) {
      add_problem(report_, {path, std::nullopt, builder_.size(), content.error().message()});
      return false;
    }
    std::span<const std::byte> rest = std::as_bytes(std::span(*content));
    for (unsigned i = 0; i < width; ++i) {
      const std::uint64_t offset = content->size() - rest.size();
      const auto bytes = take_bundled(rest);
      const auto entry = bytes ? decode_entry(*bytes) : tl::unexpected(bytes.error());
      const bool is_in_place = entry && entry->record == builder_.size();
      if (!is_in_place) {
        add_problem(report_, {path, offset, builder_.size(),
                              entry ? "the entry has another number" : std::string(entry.error().reason)});
      }
      if (!bytes) return false;
      if (is_in_place) ++report_.leaves;
      if (entry) report_.windows += entry->windows;
      (void)builder_.add(*bytes, sink);
    }
    if (!rest.empty()) {
      add_problem(report_, {path, content->size() - rest.size(), std::nullopt, "bytes after the last entry"});
    } else {
      ++report_.bundles;
    }
    return true;
  }

  VerifyReport& report_;
  const Fetch& resource_;
  const Checkpoint& tree_;
  const OnProgress& progress_;
  TileBuilder builder_;
};

}  // namespace

Result<VerifyReport> verify_ledger(const Fetch& resource, const std::optional<VerifierKey>& expected_key,
                                   const OnProgress& progress) {
  VerifyReport report;
  if (const auto first = resource("key"); !first && first.error().code != ErrorCode::kNotFound) {
    return tl::unexpected(first.error());
  }
  const auto tree = check_checkpoint(report, "", resource, expected_key);
  if (!tree) return report;
  if (!expected_key) {
    report.notes.push_back(
        fmt::format("the key is the ledger's own word; compare it with one you trust: {}", tree->key.text()));
  }
  LedgerCheck(report, resource, tree->checkpoint, progress).run();
  return report;
}

}  // namespace gnomon::journal
