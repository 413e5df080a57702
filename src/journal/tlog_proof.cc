#include "journal/tlog_proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "crypto/base64.h"
#include "journal/note.h"

namespace gnomon::journal {

namespace {

using schema::DecodeError;

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";
// Extra data of ours is 96 bytes; others' proofs are read too, but not at any length.
constexpr std::size_t kMaximumProofBytes = 2 * kMaximumNoteBytes;

tl::unexpected<DecodeError> refuse(std::string_view reason, std::size_t offset) {
  return tl::unexpected(DecodeError{reason, offset});
}

std::optional<std::uint64_t> decimal(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_plain = fault == std::errc{} && end == text.data() + text.size();
  if (!is_plain || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  return number;
}

// The lines of a proof with the place of each.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}
  // Without its newline; nothing when there is no further whole line.
  std::optional<std::string_view> next() {
    const auto end = text_.find('\n', next_);
    if (end == std::string_view::npos) return std::nullopt;
    at_ = std::exchange(next_, end + 1);
    return text_.substr(at_, end - at_);
  }
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(next_); }

 private:
  std::string_view text_;
  std::size_t at_ = 0, next_ = 0;
};

}  // namespace

std::string encode(const TlogProof& proof) {
  std::string text = fmt::format("{}\n", kFirstLine);
  if (!proof.extra.empty()) {
    text += fmt::format("{}{}\n", kExtra, crypto::to_base64(std::as_bytes(std::span(proof.extra))));
  }
  text += fmt::format("{}{}\n", kIndex, proof.index);
  for (const Digest& hash : proof.hashes) text += crypto::to_base64(hash) + "\n";
  return text + "\n" + proof.checkpoint;
}

tl::expected<TlogProof, DecodeError> decode_tlog_proof(std::string_view text) noexcept {
  if (text.size() > kMaximumProofBytes) return refuse("a proof that is too long", kMaximumProofBytes);
  Lines lines(text);
  TlogProof proof;
  if (lines.next() != kFirstLine) return refuse("not a proof of c2sp.org/tlog-proof@v1", 0);
  auto line = lines.next();
  if (line && line->starts_with(kExtra)) {
    const auto extra = crypto::from_base64(line->substr(kExtra.size()));
    if (!extra || extra->empty()) return refuse("extra data that is not Base 64", lines.at());
    proof.extra.assign(reinterpret_cast<const char*>(extra->data()), extra->size());
    line = lines.next();
  }
  const auto index = line && line->starts_with(kIndex) ? decimal(line->substr(kIndex.size())) : std::nullopt;
  if (!index) return refuse("no index line", lines.at());
  proof.index = *index;
  for (line = lines.next(); line && !line->empty(); line = lines.next()) {
    const auto hash = crypto::from_base64(*line);
    if (!hash || hash->size() != sizeof(Digest)) return refuse("not a hash", lines.at());
    if (proof.hashes.size() == kMaximumProofHashes) return refuse("more hashes than a tree can be high", lines.at());
    std::ranges::copy(*hash, proof.hashes.emplace_back().begin());
  }
  if (!line) return refuse("no empty line before the checkpoint", lines.at());
  if (lines.rest().empty()) return refuse("no checkpoint", text.size());
  proof.checkpoint = lines.rest();
  return proof;
}

}  // namespace gnomon::journal
