#pragma once

// Randomness, injected so that a seed replays a run. SystemRandom (getrandom(2)) is for keys, cookies and tokens and is
// thread-safe; SeededRandom (SplitMix64) is for simulations and the lab's emulator and belongs to one thread.

#include <cstddef>
#include <cstdint>
#include <span>

namespace gnomon {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> out) = 0;
  [[nodiscard]] std::uint64_t next();
  // Uniform in [0, 1), 53 bits.
  [[nodiscard]] double uniform();
};

class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> out) override;
};

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::byte> out) override;

 private:
  std::uint64_t state_;
};

}  // namespace gnomon
