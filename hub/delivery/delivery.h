// Out of the log: each subscriber gets its stream in log order, within its credit, with the sections that it may see and the
// hashes of what it may not. No timers and no redelivery state: the agent's own cursor says where to go on.
//
// Pure. Threads: the hub loop.
#pragma once

#include "hub/session/frames.h"

namespace lianxi::hub {

inline constexpr std::size_t kDeliverBytesMax = 512 << 10;       // Payload of one frame, but at least one entry.
inline constexpr std::size_t kDeliverMessagesMax = 1024;         // Of one frame.
inline constexpr std::size_t kCatchUpRowsMax = 512;              // Inbox rows read in one step for one subscriber.

inline constexpr std::uint32_t kCreditMessagesMax = 65'536;      // What an agent may have outstanding: the bound of what
inline constexpr std::uint32_t kCreditBytesMax = 32 << 20;       // waits for it in the transport.

struct Outgoing {
  Bytes frame;
  Bytes payload;
};

class Delivery {
 public:
  Delivery(const HubLog& log, const Commit& commit) : log_(log), commit_(commit) {}

  // (Re)starts the stream after packed position `after` (2^64 - 1: from the beginning).
  void subscribe(const AgencyId& agency, std::uint64_t after, std::uint32_t messages, std::uint32_t bytes);
  void unsubscribe(const AgencyId& agency);
  void credit(const AgencyId& agency, std::uint32_t messages, std::uint32_t bytes);

  // The next frame for `agency`, or nothing: no credit, nothing new.
  Result<std::optional<Outgoing>> next(const AgencyId& agency);
  std::vector<AgencyId> subscribers() const;

  // One message or own entry by position or number, as `agency` may have it.
  Result<Outgoing> fetch(const AgencyId& agency, std::uint64_t request, const wire::Fetch& fetch) const;

 private:
  struct Stream {
    std::uint64_t next = 0;            // Packed position from which to go on.
    std::int64_t messages = 0, bytes = 0;
    std::optional<HubLog::InboxPage> page;   // Rows read ahead while it is behind.
    std::uint64_t page_from = 0;
  };
  struct Piece {
    EntryPtr entry;
    std::vector<std::uint16_t> indices;
  };
  Result<std::size_t> rows_from(const AgencyId& agency, Stream& stream, std::uint64_t from) const;
  Result<std::vector<Piece>> gather(const AgencyId& agency, Stream& stream) const;
  Result<flatbuffers::Offset<wire::DeliveredEntry>> build(flatbuffers::FlatBufferBuilder& builder, const AgencyId& agency,
                                                          const Piece& piece, std::uint64_t size, Bytes& payload) const;
  bool receives(const CommittedMessage& message, const AgencyId& agency, const AgencyId& sender) const;

  const HubLog& log_;
  const Commit& commit_;
  std::map<AgencyId, Stream> streams_;
};

}  // namespace lianxi::hub
