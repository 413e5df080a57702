#include "server/batch_intake.h"

#include "journal/journal.h"

namespace gnomon::server {

Status JournalIntake::append(const schema::VerifiedBatch& batch, std::span<const std::byte> signed_bytes, Done done) {
  return journal_.append(batch, signed_bytes, [done = std::move(done)](Result<journal::Appended> result) {
    if (!result) {
      done(tl::unexpected(result.error()));
      return;
    }
    done(Stored{result->outcome == journal::AppendOutcome::kDuplicate, result->record.value_or(0),
                WallTime{std::chrono::milliseconds(result->received_unix_ms)}});
  });
}

}  // namespace gnomon::server
