#include "journal/note.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "crypto/base64.h"

namespace gnomon::journal {

namespace {

constexpr std::string_view kSignaturePrefix = "\u2014 ";  // em dash, space
constexpr std::byte kEd25519Type{0x01};

tl::unexpected<DecodeError> refuse(std::string_view reason, std::size_t offset) {
  return tl::unexpected(DecodeError{reason, offset});
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::uint32_t big_endian(std::span<const std::byte> four) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(four[i]);
  return value;
}

std::string checkpoint_text(const Checkpoint& checkpoint) {
  return fmt::format("{}\n{}\n{}\n", checkpoint.origin, checkpoint.size, crypto::to_base64(checkpoint.root));
}

// Takes the part of `rest` up to a newline, and drops both from it; nothing when there is no newline.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

enum class SignatureState : std::uint8_t { kOther, kGood, kBad, kMalformed };

SignatureState check_signature(std::string_view line, std::string_view text, const VerifierKey& key) {
  if (!line.starts_with(kSignaturePrefix)) return SignatureState::kMalformed;
  line.remove_prefix(kSignaturePrefix.size());
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return SignatureState::kMalformed;
  const auto blob = crypto::from_base64(line.substr(space + 1));
  if (!is_key_name(line.substr(0, space)) || !blob || blob->size() <= 4) return SignatureState::kMalformed;
  if (line.substr(0, space) != key.name || big_endian(*blob) != key.id()) return SignatureState::kOther;
  return key.key.verify(bytes_of(text), std::span(*blob).subspan(4)) ? SignatureState::kGood : SignatureState::kBad;
}

}  // namespace

std::uint32_t VerifierKey::id() const {
  std::string message = name + "\n";
  message += static_cast<char>(kEd25519Type);
  message.append(reinterpret_cast<const char*>(key.bytes().data()), key.bytes().size());
  return big_endian(crypto::sha256(message));
}

std::string VerifierKey::text() const {
  std::array<std::byte, 33> typed{kEd25519Type};
  std::ranges::copy(key.bytes(), typed.begin() + 1);
  return fmt::format("{}+{:08x}+{}", name, id(), crypto::to_base64(typed));
}

tl::expected<VerifierKey, DecodeError> parse_verifier_key(std::string_view text) {
  const auto first = text.find('+');
  const auto second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return refuse("a verifier key is NAME+ID+KEY", 0);
  const auto name = text.substr(0, first);
  if (!is_key_name(name)) return refuse("bad key name", 0);
  const auto blob = crypto::from_base64(text.substr(second + 1));
  if (!blob || blob->size() != 33 || (*blob)[0] != kEd25519Type)
    return refuse("not an Ed25519 verifier key", second + 1);
  auto key = crypto::PublicKey::from_bytes(std::span(*blob).subspan(1));
  if (!key) return refuse("not an Ed25519 verifier key", second + 1);
  VerifierKey result{std::string(name), *std::move(key)};
  if (result.text() != text) return refuse("key id does not match name and key", first + 1);
  return result;
}

bool is_key_name(std::string_view name) {
  // U+00A0 and the other Unicode spaces cannot come up: names of ours are ASCII.
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f && c != '+'; });
}

std::string sign_checkpoint(const Checkpoint& checkpoint, const crypto::PrivateKey& key) {
  const std::string text = checkpoint_text(checkpoint);
  const auto signature = key.sign(text);
  const std::uint32_t id = VerifierKey{checkpoint.origin, key.public_key()}.id();
  std::vector<std::byte> blob;
  for (int shift = 24; shift >= 0; shift -= 8) blob.push_back(static_cast<std::byte>(id >> shift));
  blob.insert(blob.end(), signature.begin(), signature.end());
  return fmt::format("{}\n{}{} {}\n", text, kSignaturePrefix, checkpoint.origin, crypto::to_base64(blob));
}

tl::expected<NoteParts, DecodeError> split_note(std::string_view note) noexcept {
  if (note.size() > kMaximumNoteBytes) return refuse("note is too large", kMaximumNoteBytes);
  const auto control =
      std::ranges::find_if(note, [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\n'; });
  if (control != note.end())
    return refuse("control character in note", static_cast<std::size_t>(control - note.begin()));
  const auto blank = note.rfind("\n\n");
  if (blank == std::string_view::npos) return refuse("note without a blank line before its signatures", note.size());
  const NoteParts parts{note.substr(0, blank + 1), note.substr(blank + 2)};
  if (parts.signatures.empty() || !parts.signatures.ends_with('\n')) return refuse("note is cut short", note.size());
  return parts;
}

tl::expected<Checkpoint, DecodeError> parse_checkpoint_text(std::string_view text) noexcept {
  std::string_view rest = text;
  const auto origin = take_line(rest);
  if (!origin || origin->empty()) return refuse("checkpoint without an origin", 0);
  const std::size_t size_offset = text.size() - rest.size();
  const auto size = take_line(rest);
  Checkpoint checkpoint;
  if (!size || size->empty() || (size->front() == '0' && size->size() > 1)) return refuse("bad tree size", size_offset);
  const auto [end, error] = std::from_chars(size->data(), size->data() + size->size(), checkpoint.size);
  if (error != std::errc() || end != size->data() + size->size()) return refuse("bad tree size", size_offset);
  const std::size_t root_offset = text.size() - rest.size();
  const auto root = take_line(rest);
  const auto bytes = root ? crypto::from_base64(*root) : std::nullopt;
  if (!bytes || bytes->size() != checkpoint.root.size()) return refuse("bad root hash", root_offset);
  std::ranges::copy(*bytes, checkpoint.root.begin());
  while (!rest.empty()) {
    const std::size_t offset = text.size() - rest.size();
    const auto extension = take_line(rest);
    if (!extension || extension->empty()) return refuse("empty extension line", offset);
  }
  checkpoint.origin = *origin;
  return checkpoint;
}

tl::expected<Checkpoint, DecodeError> open_checkpoint(std::string_view note, const VerifierKey& key) noexcept {
  const auto parts = split_note(note);
  if (!parts) return tl::unexpected(parts.error());
  bool is_signed = false;
  for (std::string_view rest = parts->signatures; !rest.empty();) {
    const std::size_t offset = note.size() - rest.size();
    switch (check_signature(*take_line(rest), parts->text, key)) {
      case SignatureState::kOther:
        break;
      case SignatureState::kGood:
        is_signed = true;
        break;
      case SignatureState::kBad:
        return refuse("signature does not match", offset);
      case SignatureState::kMalformed:
        return refuse("malformed signature line", offset);
    }
  }
  if (!is_signed) return refuse("not signed by the log's key", parts->text.size() + 1);
  return parse_checkpoint_text(parts->text);
}

}  // namespace gnomon::journal
