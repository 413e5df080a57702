#include "http/content_coding.h"

#include <zstd.h>

#include <algorithm>
#include <memory>

namespace gnomon::http {

namespace {

constexpr int kLevel = 3;       // zstd's own default
constexpr int kWindowLog = 23;  // at most 8 MiB of history: memory stays bounded whatever the frame claims
constexpr std::size_t kLeastStep = 1024;
constexpr std::size_t kMostStep = 256UL * 1024;

auto bad_body(std::string reason) {
  return failure(ErrorCode::kInvalidArgument, "expand zstd body", "", std::move(reason));
}

// One a thread: made anew for each body it would cost more than most bodies. zstd gives a large window back when it has
// not been needed for some time. Null without memory.
ZSTD_DCtx* fresh_context() {
  thread_local const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  if (!context) return nullptr;
  ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_and_parameters);
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kWindowLog);
  return context.get();
}

}  // namespace

Result<std::string> zstd_expand(std::string_view packed, std::size_t limit) {
  ZSTD_DCtx* const context = fresh_context();
  if (context == nullptr) return failure(ErrorCode::kExhausted, "expand zstd body", "", "no memory");
  std::string plain;
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  // Room is made as it is used up. A frame that says its size gets it at once, which spares zstd a buffer of its own.
  std::size_t step =
      std::clamp<std::uint64_t>(zstd_expanded_size(packed).value_or(4 * packed.size()), kLeastStep, kMostStep);
  std::size_t more = 1;
  while (in.pos < in.size || more != 0) {
    const std::size_t before = plain.size();
    const std::size_t room = std::min(step, limit + 1 - before);
    step = std::min(2 * step, kMostStep);
    plain.resize(before + room);
    ZSTD_outBuffer out{plain.data() + before, room, 0};
    const std::size_t consumed_before = in.pos;
    more = ZSTD_decompressStream(context, &out, &in);
    plain.resize(before + out.pos);
    if (ZSTD_isError(more) != 0) return bad_body(ZSTD_getErrorName(more));
    if (plain.size() > limit) return bad_body(fmt::format("it expands to more than {} bytes", limit));
    if (out.pos == 0 && in.pos == consumed_before) return bad_body("it ends early");
  }
  return plain;
}

std::optional<std::size_t> zstd_expanded_size(std::string_view packed) {
  const auto size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR) return std::nullopt;
  return size;
}

Result<std::string> zstd_pack(std::string_view plain) {
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  const std::size_t size = ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), kLevel);
  if (ZSTD_isError(size) != 0) return failure(ErrorCode::kIo, "pack body", "", ZSTD_getErrorName(size));
  packed.resize(size);
  return packed;
}

}  // namespace gnomon::http
