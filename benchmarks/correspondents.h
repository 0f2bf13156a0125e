// Who writes and who reads in a measurement: fictional townships that answer the fictional natural resources bureau (110), their
// keys made here and enrolled with `lianxi-hub enrol`.
//
// Files in the folder: sender-01.key, sender-01.card, …, receiver.key, receiver.card. Threads: values only.
#pragma once

#include "schemas/evidence/key_file.h"

namespace lianxi::bench {

struct Correspondents {
  std::vector<evidence::AgencyKeys> senders;
  evidence::AgencyKeys receiver;
  evidence::AgencyCard receiver_card;
};

inline constexpr std::size_t kSendersMax = 64;

// Code::already_exists if there are keys in the folder.
Result<void> make_correspondents(const std::string& folder, std::size_t senders);
// The first `senders` of those made before; Code::not_found if there are fewer.
Result<Correspondents> read_correspondents(const std::string& folder, std::size_t senders);

}  // namespace lianxi::bench
