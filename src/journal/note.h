#pragma once

// Checkpoints as signed notes (C2SP signed-note, tlog-checkpoint) with Ed25519 signatures of type 0x01. Pure functions;
// decoders throw nothing and allocate at most in proportion to their input.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "core/error.h"
#include "crypto/ed25519.h"
#include "journal/merkle.h"
#include "schema/decode_error.h"

namespace gnomon::journal {

using schema::DecodeError;

inline constexpr std::size_t kMaximumNoteBytes = 64 << 10;

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  Digest root{};
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// The public half of a log's key and its name, as «NAME+HEXID+BASE64» (a "vkey").
struct VerifierKey {
  std::string name;
  crypto::PublicKey key;
  [[nodiscard]] std::uint32_t id() const;
  [[nodiscard]] std::string text() const;
};
// Without a trailing newline. Refuses an id that is not that of name and key.
tl::expected<VerifierKey, DecodeError> parse_verifier_key(std::string_view text);

// A key name may hold neither spaces nor plus nor control characters, and is not empty.
bool is_key_name(std::string_view name);

std::string sign_checkpoint(const Checkpoint& checkpoint, const crypto::PrivateKey& key);

// The text before the signatures, and the lines after it. Borrowed from the note.
struct NoteParts {
  std::string_view text;        // with its last newline
  std::string_view signatures;  // at least one line
};
tl::expected<NoteParts, DecodeError> split_note(std::string_view note) noexcept;
// Reads the note's text; signatures are not looked at.
tl::expected<Checkpoint, DecodeError> parse_checkpoint_text(std::string_view text) noexcept;

// Refuses unless the key signed it; signatures by other keys are ignored, a bad one by this key refuses the note.
tl::expected<Checkpoint, DecodeError> open_checkpoint(std::string_view note, const VerifierKey& key) noexcept;

}  // namespace gnomon::journal
