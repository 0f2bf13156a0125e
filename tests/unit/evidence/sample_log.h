// A small genuine log for tests: two agencies with seeded keys, entries of one to three messages, receipts of any entry at any
// size. Message headers are plain bytes unless the test brings its own.
#pragma once

#include <map>
#include <random>

#include "schemas/evidence/entry.h"
#include "schemas/evidence/key_file.h"
#include "schemas/evidence/tree.h"

namespace lianxi::evidence::sample {

class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : generator_(seed) {}
  void fill(std::span<std::uint8_t> out) override {
    for (auto& byte : out) byte = static_cast<std::uint8_t>(generator_());
  }

 private:
  std::mt19937_64 generator_;
};

class SampleLog final : public KeyFinder {
 public:
  explicit SampleLog(std::uint64_t seed = 1) : entropy_(seed), tree_(nullptr) {
    hub_ = generate_hub_keys(AgencyId("430922-HUB"), false, entropy_);
    for (const auto* name : {"430922-LAND", "430922-POLICE"}) {
      agencies_.push_back(generate_agency_keys(AgencyId(name), {}, entropy_));
    }
  }

  // Appends an entry of these messages; returns its number.
  std::uint64_t add(const std::vector<Bytes>& message_headers, std::vector<Refused> refused = {}, bool given_back = false) {
    const auto& sender = agencies_[receipts_.size() % agencies_.size()];
    std::vector<Hash> hashes;
    for (const auto& header : message_headers) hashes.push_back(message_hash(header));
    EntryHeader header;
    header.log_id = hub_.log_id;
    header.agency = sender.agency;
    header.host = receipts_.size() % 5 == 4 ? "430922-OFFICE" : "";
    header.key_id = key_id(1, KeyUse::signing, suite1().signing_public(sender.signing));
    header.epoch = Epoch(1);
    header.first = Number(next_[sender.agency] + 1);
    header.count = static_cast<std::uint16_t>(hashes.size());
    header.batch_root = root_of(hashes);
    next_[sender.agency] += hashes.size();
    HubPart part{1, receipts_.size(), 1'741'000'000'000 + static_cast<Instant>(receipts_.size()),
                 3, std::nullopt,     std::move(refused)};
    if (given_back) part.original = Original{1, receipts_.size() + 7, part.time - 5000};
    Receipt receipt;
    receipt.entry_header = encode(header);
    receipt.signature = suite1().sign(sender.signing, receipt.entry_header);
    receipt.hub_part = encode(part);
    std::vector<Tile> full;
    tree_.append(leaf_hash(receipt.entry_header, receipt.signature, receipt.hub_part), full);
    receipts_.push_back(std::move(receipt));
    return receipts_.size() - 1;
  }

  void grow_to(std::uint64_t size) {
    while (receipts_.size() < size) {
      std::vector<Bytes> headers(1 + receipts_.size() % 3);
      for (auto& header : headers) header = copy(entropy_.array<48>());
      std::vector<Refused> refused;
      if (headers.size() == 3) refused.push_back({1, Code::copy_missing});
      add(headers, refused, receipts_.size() % 4 == 3);
    }
  }

  std::string note(std::uint64_t size) const {
    return sign_checkpoint(suite1(), hub_.checkpoint, {card().origin, size, *tree_.root_at(size)});
  }
  Receipt receipt(std::uint64_t entry, std::uint64_t size) const {
    Receipt out = receipts_.at(entry);
    out.size = size;
    out.path = *tree_.inclusion(entry, size);
    out.note = note(size);
    return out;
  }
  HubCard card() const {
    const Receipt& first = receipts_.at(0);
    const SecretKey seed{7};
    return card_of(hub_, leaf_hash(first.entry_header, first.signature, first.hub_part), {suite1().signing_public(seed)}, 1, {});
  }
  AgencyCard agency_card(std::size_t index) const { return card_of(agencies_.at(index), "机关", "Agency", ""); }
  const AgencyKeys& agency(std::size_t index) const { return agencies_.at(index); }
  const HubKeys& hub() const { return hub_; }
  const Tree& tree() const { return tree_; }

  std::optional<PublicKey> signing_key(const AgencyId& agency, const KeyId& id) const override {
    for (const auto& keys : agencies_) {
      const PublicKey key = suite1().signing_public(keys.signing);
      if (keys.agency == agency && key_id(1, KeyUse::signing, key) == id) return key;
    }
    return std::nullopt;
  }

 private:
  SeededEntropy entropy_;
  HubKeys hub_;
  std::vector<AgencyKeys> agencies_;
  std::map<AgencyId, std::uint64_t> next_;
  std::vector<Receipt> receipts_;
  Tree tree_;
};

}  // namespace lianxi::evidence::sample
