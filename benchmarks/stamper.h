// Messages by the hundred thousand, on a machine that also runs the hub: composed and sealed once per sender, then stamped anew.
//
// Each message has its own number, randomness, salts, commitments and digests, so the hub does for it what it does for every other
// and the disk finds nothing to compress. What is sealed (C3 and the wraps) is random bytes of the right form: the hub checks
// digests and can open neither. That spares the client some 100 µs a message.
// Threads: one.
#pragma once

#include "schemas/base/entropy.h"
#include "schemas/codec/payload.h"
#include "schemas/evidence/key_file.h"

namespace lianxi::bench {

class Stamper {
 public:
  // An acknowledgement (110) from `sender` to `receiver`, at least `bytes` long. Code::field_invalid if it does not fit the type.
  static Result<Stamper> make(const Hash& log_id, const evidence::AgencyKeys& sender, const evidence::AgencyCard& receiver,
                              std::size_t bytes);

  // Appends message `number`, whose addressee's previous one is `previous`, to `run`. Its hash.
  Hash stamp(Epoch epoch, std::uint64_t number, std::uint64_t previous, Instant time, Bytes& run);
  std::size_t message_bytes() const { return message_bytes_; }

 private:
  Stamper() = default;
  Result<void> fill(const evidence::AgencyKeys& sender, const evidence::AgencyCard& receiver, std::size_t note_characters);
  void randomise(std::span<std::uint8_t> out);
  Hash random();
  void stamp_clear(std::size_t section);
  void stamp_sealed(std::size_t section);

  Hash log_id_{};
  codec::MessageHeader header_;
  std::vector<codec::Section> sections_;
  std::vector<Bytes> plaintexts_;  // Of clear sections; empty for a sealed one.
  std::vector<Bytes> wraps_;
  std::size_t message_bytes_ = 0;
  SystemEntropy entropy_;
  std::array<std::uint8_t, 64 << 10> pool_{};
  std::size_t pool_used_ = sizeof pool_;
};

}  // namespace lianxi::bench
