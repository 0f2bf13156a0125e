#include "tests/support/sim_disk.h"

#include <algorithm>

#include "schemas/base/check.h"

namespace lianxi::test {

class SimFile final : public File {
 public:
  SimFile(SimDisk& disk, std::shared_ptr<SimDisk::Node> node, std::string name)
      : disk_(disk), node_(std::move(node)), name_(std::move(name)), life_(disk.life_) {}

  Result<void> read(std::uint64_t offset, std::span<std::uint8_t> out) override {
    if (dead()) return fail(Code::io, name_ + ": read after the process ended");
    const Bytes& bytes = node_->readable;
    if (offset > bytes.size() || out.size() > bytes.size() - offset) {
      return fail(Code::corrupt, name_ + ": the file ends before " + std::to_string(offset + out.size()));
    }
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    return {};
  }

  Result<void> write(std::uint64_t offset, ByteView bytes) override {
    if (dead()) return fail(Code::io, name_ + ": write after the process ended");
    check(offset + bytes.size() <= node_->readable.size(), "sim disk: write behind the end of a file");
    if (const auto error = disk_.fault(name_ + ": write")) {
      if (error->code == Code::io) disk_.write(*node_, offset, bytes);
      return *error;
    }
    disk_.write(*node_, offset, bytes);
    return {};
  }

  Result<void> sync() override {
    if (dead()) return fail(Code::io, name_ + ": sync after the process ended");
    if (const auto error = disk_.fault(name_ + ": sync")) {
      for (auto& [sector, kept] : node_->unsynced) kept.abandoned = true;
      return *error;
    }
    std::erase_if(node_->unsynced, [](const auto& entry) { return !entry.second.abandoned; });
    ++disk_.syncs_;
    return {};
  }

  std::uint64_t size() const override { return node_->readable.size(); }

 private:
  bool dead() const { return life_ != disk_.life_; }

  SimDisk& disk_;  // Not owned.
  std::shared_ptr<SimDisk::Node> node_;
  std::string name_;
  std::uint64_t life_;
};

SimDisk::SimDisk(const SimDisk& other) { *this = other; }

SimDisk& SimDisk::operator=(const SimDisk& other) {
  if (this == &other) return *this;
  const auto copied = [](const auto& from) {
    auto to = from;
    for (auto& [name, node] : to) node = std::make_shared<Node>(*node);
    return to;
  };
  files_ = copied(other.files_);
  maybe_made_ = copied(other.maybe_made_);
  maybe_removed_ = other.maybe_removed_;
  ++life_;
  operations_ = other.operations_;
  syncs_ = other.syncs_;
  fail_at_ = other.fail_at_;
  fail_code_ = other.fail_code_;
  failed_ = other.failed_;
  return *this;
}

Result<std::unique_ptr<File>> SimDisk::open(const std::string& name, Mode mode, bool* was_direct) {
  if (was_direct != nullptr) *was_direct = mode == Mode::direct;
  const auto found = files_.find(name);
  if (found == files_.end()) return fail(Code::not_found, name);
  return std::unique_ptr<File>(std::make_unique<SimFile>(*this, found->second, name));
}

Result<void> SimDisk::create(const std::string& name, std::uint64_t bytes) {
  if (files_.contains(name)) return fail(Code::already_exists, name);
  auto node = std::make_shared<Node>();
  node->readable.assign(static_cast<std::size_t>(bytes), 0);
  if (auto error = fault(name + ": create")) {
    if (error->code == Code::io) maybe_made_[name] = std::move(node);
    return *error;
  }
  files_[name] = std::move(node);
  return {};
}

Result<void> SimDisk::remove(const std::string& name) {
  if (!files_.contains(name)) return fail(Code::not_found, name);
  if (auto error = fault(name + ": remove")) {
    if (error->code == Code::io) maybe_removed_.push_back(name);
    return *error;
  }
  files_.erase(name);
  return {};
}

Result<std::vector<std::string>> SimDisk::list() {
  std::vector<std::string> names;
  for (const auto& [name, node] : files_) names.push_back(name);
  return names;
}

void SimDisk::power_cut(Random& random) {
  for (auto& [name, node] : maybe_made_) {
    if (random.chance(0.5)) files_[name] = std::move(node);
  }
  for (const auto& name : maybe_removed_) {
    if (random.chance(0.5)) files_.erase(name);
  }
  for (auto& [name, node] : files_) {
    // All, nothing, or sector by sector: the two ends are likelier on real disks than a seed would make them.
    const double kept = std::array{0.0, 0.5, 1.0}.at(random.below(3));
    for (const auto& [sector, kept_before] : node->unsynced) {
      if (random.chance(kept)) continue;
      const auto at = static_cast<std::size_t>(sector * kSectorBytes);
      const auto n = std::min(kSectorBytes, node->readable.size() - at);
      std::copy_n(kept_before.durable.begin(), n, node->readable.begin() + static_cast<std::ptrdiff_t>(at));
    }
    node->unsynced.clear();
  }
  process_end();
}

void SimDisk::process_end() {
  maybe_made_.clear();
  maybe_removed_.clear();
  ++life_;
  heal();
}

void SimDisk::fail_after(std::uint64_t operations, Code code) {
  fail_at_ = operations_ + operations;
  fail_code_ = code;
  failed_ = false;
}

void SimDisk::heal() {
  fail_at_.reset();
  failed_ = false;
}

Bytes* SimDisk::bytes(const std::string& name) {
  const auto found = files_.find(name);
  return found == files_.end() ? nullptr : &found->second->readable;
}

void SimDisk::flip(const std::string& name, std::uint64_t bit) {
  Bytes* found = bytes(name);
  check(found != nullptr && bit / 8 < found->size(), "sim disk: no such bit");
  (*found)[static_cast<std::size_t>(bit / 8)] ^= static_cast<std::uint8_t>(1u << (bit % 8));
}

std::optional<Error> SimDisk::fault(const std::string& what) {
  if (fail_at_ && operations_ >= *fail_at_) {
    failed_ = true;
    return fail(fail_code_, what + ": injected");
  }
  ++operations_;
  return std::nullopt;
}

void SimDisk::write(Node& node, std::uint64_t offset, ByteView bytes) {
  const std::uint64_t end = offset + bytes.size();
  for (std::uint64_t sector = offset / kSectorBytes; sector * kSectorBytes < end; ++sector) {
    if (const auto known = node.unsynced.find(sector); known != node.unsynced.end()) {
      known->second.abandoned = false;
      continue;
    }
    const auto at = static_cast<std::size_t>(sector * kSectorBytes);
    Sector durable{};
    std::copy_n(node.readable.begin() + static_cast<std::ptrdiff_t>(at),
                std::min(kSectorBytes, node.readable.size() - at), durable.begin());
    node.unsynced.emplace(sector, Node::Unsynced{durable, false});
  }
  std::copy(bytes.begin(), bytes.end(), node.readable.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace lianxi::test
