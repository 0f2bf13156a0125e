// A hub core over a simulated disk and a store in memory, and the few words with which a test talks to it.
//
// Agencies LAND, POLICE, PROC and OFFICE are enrolled; MUNI is known to nobody yet. Everything is synchronous: settle() lets the hub
// do all that it can, unless the test holds the disk. Threads: one.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "hub/hub_core.h"
#include "tests/support/county/county.h"
#include "tests/support/memory_chunks.h"
#include "tests/support/memory_store.h"
#include "tests/support/sim_disk.h"

namespace lianxi::hub {

using test::cc;
using test::County;
using test::to;

inline constexpr int kSubmit = 0;
inline constexpr int kDeliver = 1;
inline constexpr int kChunks = 2;
inline constexpr std::uint64_t kFromTheBeginning = ~std::uint64_t{0};

// A frame that the hub sent.
struct Sent {
  Peer peer;
  Bytes bytes;
  Bytes payload;
  const wire::Frame& frame() const { return *wire::GetFrame(bytes.data()); }
  wire::Body type() const { return frame().body_type(); }
};

// One delivered message, taken out of a Deliver or Fetched frame whose evidence held.
struct DeliveredMessage {
  Position position;
  AgencyId sender;
  Hash hash{};
  Bytes run;  // This message alone, as delivered.
  codec::MessageHeader header;
  std::vector<codec::Group> shown;
  bool operator==(const DeliveredMessage& other) const {
    return position == other.position && hash == other.hash && run == other.run;
  }
};

class HubTest : public testing::Test, protected HubEdges {
 protected:
  HubTest();

  // --- the machine --------------------------------------------------------------------------------------------------------
  // All that can be done without further input; writes end at once unless the disk is held.
  void settle();
  void hold_disk() { held_ = true; }
  void let_disk_go() {
    held_ = false;
    settle();
  }
  // The write under way ends with this error, without having touched the disk.
  void fail_write(Code code);
  bool write_under_way() const { return record_.has_value(); }
  // An orderly end: the store is flushed. Then the hub starts again on the same disk and store.
  void restart();
  // The store loses what was not flushed, the disk what was not synced: the journal brings it back.
  void power_cut_and_restart();
  // Opens the hub; the error is its refusal to start.
  Result<void> start();
  void pass(std::int64_t ms) {
    now_.wall += ms;
    now_.boot += ms;
  }
  void step_wall_clock(std::int64_t ms) { now_.wall += ms; }

  // --- agencies -----------------------------------------------------------------------------------------------------------
  // A connection of `agency` at an endpoint, before its Hello.
  Peer dial(const std::string& agency, int endpoint);
  struct Greeting {
    std::optional<std::string> name;  // Another agency's name.
    std::optional<Hash> genesis_leaf;
    std::string checkpoint;
  };
  std::vector<Sent> hello(const Peer& peer, const Greeting& greeting);
  std::vector<Sent> hello(const Peer& peer) { return hello(peer, Greeting()); }
  // Dials and greets, unless that was done; the newest connection of this agency at that endpoint.
  Peer line(const std::string& agency, int endpoint);
  // What the hub answers on `peer` to one frame, after settling.
  std::vector<Sent> say(const Peer& peer, wire::Body type,
                        const std::function<flatbuffers::Offset<void>(flatbuffers::FlatBufferBuilder&)>& body,
                        Bytes payload = {});
  std::vector<Sent> say_bytes(const Peer& peer, ByteView frame, Bytes payload = {});

  // --- messages -----------------------------------------------------------------------------------------------------------
  // An Acknowledgement (110): C0 clear, the note in C3 sealed to whom it is addressed.
  policy::Composed note(const std::string& sender, std::vector<codec::Addressee> recipients, const std::string& text = "样例");
  // A receipt for a referral (204) from POLICE to LAND, copy PROC; OFFICE observes header and C0.
  policy::Composed referral_receipt();
  // Any type, number and chain, composed past the county's own counters.
  policy::Composed compose(const policy::Draft& draft, std::uint64_t number, std::uint32_t epoch = 1);
  // The same message, its header changed by `bend` and all hashes over it made good again.
  static policy::Composed bent(const policy::Composed& message, const std::function<void(codec::MessageHeader&)>& bend);
  County::SignedEntry entry(const std::string& sender, const std::vector<policy::Composed>& messages) const;
  // The entry header changed by `bend` and signed again with the sender's key.
  County::SignedEntry resigned(const County::SignedEntry& entry, const std::function<void(evidence::EntryHeader&)>& bend) const;

  std::vector<Sent> submit(const std::string& sender, const County::SignedEntry& entry);
  std::vector<Sent> submit(const std::string& sender, const std::vector<policy::Composed>& messages) {
    return submit(sender, entry(sender, messages));
  }
  // Submits a note and expects its receipt.
  policy::Composed log_note(const std::string& sender, std::vector<codec::Addressee> recipients,
                            const std::string& text = "样例");

  // --- answers --------------------------------------------------------------------------------------------------------------
  // The code of the one Refusal or Busy among `frames`; Code::ok if there is none.
  static Code refusal(const std::vector<Sent>& frames);
  static const wire::Refusal* refusal_frame_of(const std::vector<Sent>& frames);
  static std::vector<evidence::Receipt> receipts(const std::vector<Sent>& frames);
  // The entry number in a receipt's hub part.
  static std::uint64_t entry_of(const evidence::Receipt& receipt);
  static evidence::HubPart part_of(const evidence::Receipt& receipt);
  static std::vector<Sent> of_type(const std::vector<Sent>& frames, wire::Body type);

  // --- deliveries -----------------------------------------------------------------------------------------------------------
  void subscribe(const std::string& agency, std::uint64_t after = kFromTheBeginning, std::uint32_t messages = 10'000,
                 std::uint32_t bytes = 8 << 20);
  void give_credit(const std::string& agency, std::uint32_t messages, std::uint32_t bytes);
  // What arrived for `agency` since the last call, in order. Every frame's evidence is checked: signatures of the checkpoint, leaf,
  // path, batch root.
  std::vector<DeliveredMessage> deliveries(const std::string& agency);
  std::vector<Sent> deliver_frames(const std::string& agency);
  std::vector<DeliveredMessage> read_entry_row(const wire::DeliveredEntry& row, ByteView run, std::uint64_t size,
                                               std::string_view note);
  // Everything that `agency` gets from the beginning on, over a fresh subscription.
  std::vector<DeliveredMessage> everything_for(const std::string& agency);

  // --- operators ------------------------------------------------------------------------------------------------------------
  std::vector<codec::OperatorSignature> operators_sign(std::uint16_t type, const std::string& body_json, std::uint64_t serial,
                                                       std::size_t how_many) const;
  // An act with the next serial, signed by two operators; its position once it is durable.
  Result<Position> act(std::uint16_t type, const std::string& body_json);
  Result<Position> act(std::uint16_t type, const std::string& body_json, std::uint64_t serial, std::size_t signers);
  Result<Position> enrol(const std::string& agency);
  std::uint64_t next_serial() const { return core_->log().registry().serial() + 1; }
  // The newest message of type `type` in the log; nullopt if there is none.
  std::optional<Position> newest_of_type(std::uint16_t type) const;
  std::size_t count_of_type(std::uint16_t type) const;

  std::uint64_t size() const { return core_->commit().durable(); }
  EntryPtr logged(std::uint64_t number) const;

  test::SimEntropy entropy_{20250304};
  Now now_{1'741'050'000'000, 5'000'000};  // 2025-03-04T09:00:00+08:00
  County county_;
  evidence::HubKeys keys_;  // The county's, of a log that is no demo.
  test::SimDisk disk_;
  test::MemoryStore store_{kHubFamilies.size()};
  test::MemoryChunks chunks_;
  std::unique_ptr<HubCore> core_;
  std::unique_ptr<journal::Journal> journal_;
  std::vector<Sent> sent_;  // Not yet taken by say() or deliveries().
  std::size_t marks_ = 0;

 private:
  void start(const journal::Record& record) override { record_ = record; }
  void start_mark(std::uint64_t entries, const Hash& root) override { mark_ = {entries, root}; }
  void send(const Peer& peer, Bytes frame, Bytes payload) override {
    sent_.push_back({peer, std::move(frame), std::move(payload)});
  }
  void keys_changed(const policy::Registry&) override {}
  void make_log();
  std::vector<Sent> take(const Peer& peer);

  bool held_ = false;
  std::optional<journal::Record> record_;
  std::optional<std::pair<std::uint64_t, Hash>> mark_;
  std::uint64_t connections_ = 0, requests_ = 0;
  std::map<Peer, std::string> who_;
  std::map<std::pair<std::string, int>, Peer> lines_;
};

}  // namespace lianxi::hub
