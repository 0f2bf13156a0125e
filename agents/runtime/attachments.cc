#include "agents/runtime/attachments.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>

namespace lianxi::agent {

namespace {

constexpr std::size_t kNameBytesMax = 255;

crypto_hash_sha256_state load(const std::array<std::uint8_t, 128>& bytes) {
  static_assert(sizeof(crypto_hash_sha256_state) <= 128);
  crypto_hash_sha256_state state;
  std::memcpy(&state, bytes.data(), sizeof state);
  return state;
}

void keep(std::array<std::uint8_t, 128>& bytes, const crypto_hash_sha256_state& state) {
  bytes.fill(0);
  std::memcpy(bytes.data(), &state, sizeof state);
}

}  // namespace

RunningHash::RunningHash() {
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  keep(state_, state);
}

RunningHash::RunningHash(ByteView saved) {
  crypto_hash_sha256_state state{};
  Reader r(saved);
  for (auto& word : state.state) word = r.u32();
  state.count = r.u64();
  keep(state_, state);
}

Bytes RunningHash::save() const {
  const auto state = load(state_);
  Bytes out;
  Writer w(out);
  for (const auto word : state.state) w.u32(word);
  w.u64(state.count);
  return out;
}

void RunningHash::update(ByteView bytes) {
  auto state = load(state_);
  crypto_hash_sha256_update(&state, bytes.data(), bytes.size());
  keep(state_, state);
}

Hash RunningHash::finish() const {
  auto state = load(state_);
  Hash out;
  crypto_hash_sha256_final(&state, out.data());
  return out;
}

// Row: u16 name ‖ u16 mime ‖ bytes u64 ‖ file key 32 ‖ sealed bytes u64 ‖ hash state 40 ‖ n × chunk digest.
std::string Attachments::encode(const Upload& upload) {
  Bytes row;
  Writer w(row);
  w.u16(static_cast<std::uint16_t>(upload.name.size()));
  w.bytes(upload.name);
  w.u16(static_cast<std::uint16_t>(upload.mime.size()));
  w.bytes(upload.mime);
  w.u64(upload.bytes);
  w.bytes(upload.file_key);
  w.u64(upload.sealed_bytes);
  w.bytes(upload.hash.save());
  for (const auto& chunk : upload.chunks) w.bytes(chunk);
  return string_of(row);
}

Result<Attachments::Upload> Attachments::parse(std::string_view row) {
  Reader r(view(row));
  Upload upload;
  upload.name = text(r.bytes(r.u16()));
  upload.mime = text(r.bytes(r.u16()));
  upload.bytes = r.u64();
  upload.file_key = r.hash();
  upload.sealed_bytes = r.u64();
  upload.hash = RunningHash(r.bytes(40));
  while (r.ok() && r.left() > 0) upload.chunks.push_back(r.hash());
  if (!r.done()) return fail(Code::corrupt, "agent store: upload");
  return upload;
}

Result<std::string> Attachments::begin(std::string_view name, std::string_view mime, std::uint64_t bytes) {
  if (name.empty() || name.size() > kNameBytesMax || mime.size() > kNameBytesMax)
    return fail(Code::invalid_argument, "attachment: name");
  if (bytes > kBytesMax) return fail(Code::invalid_argument, "attachment: bytes");
  if (uploads_.size() >= kUploadsMax) return fail(Code::overloaded, "attachment: too many uploads are open");
  Upload upload;
  upload.name = name;
  upload.mime = mime;
  upload.bytes = bytes;
  state_.edges.entropy.fill(upload.file_key);
  const auto id = hex(state_.edges.entropy.array<16>());
  if (auto written = state_.write({{kUploads, id, encode(upload)}}, Durability::synced); !written) return written.error();
  uploads_.emplace(id, std::move(upload));
  return id;
}

Result<Attachments::Upload*> Attachments::find(std::string_view id) {
  if (const auto found = uploads_.find(id); found != uploads_.end()) return &found->second;
  const auto row = state_.edges.store.get(kUploads, id);
  if (!row) return row.error();
  if (!*row) return fail(Code::not_found, "upload " + std::string(id));
  if (uploads_.size() >= kUploadsMax) return fail(Code::overloaded, "attachment: too many uploads are open");
  auto upload = parse(**row);
  if (!upload) return upload.error();
  return &uploads_.emplace(std::string(id), *std::move(upload)).first->second;
}

Result<std::uint64_t> Attachments::offset(std::string_view id) {
  const auto upload = find(id);
  if (!upload) return upload.error();
  return (*upload)->received();
}

Result<std::uint64_t> Attachments::write(std::string_view id, std::uint64_t offset, ByteView bytes) {
  const auto found = find(id);
  if (!found) return found.error();
  auto& upload = **found;
  if (offset != upload.received())
    return fail(Code::invalid_argument, "attachment: offset must be " + std::to_string(upload.received()));
  if (bytes.size() > upload.bytes - offset) return fail(Code::invalid_argument, "attachment: more bytes than announced");
  while (!bytes.empty()) {
    const auto take = std::min(bytes.size(), evidence::kChunkPlainBytes - upload.tail.size());
    upload.tail.insert(upload.tail.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(take));
    bytes = bytes.subspan(take);
    // The last chunk is sealed by finish(): an upload is whole or it is not.
    if (upload.tail.size() < evidence::kChunkPlainBytes || upload.received() == upload.bytes) continue;
    if (auto sealed = seal_tail(std::string(id), upload); !sealed) return sealed.error();
  }
  return upload.received();
}

Result<void> Attachments::seal_tail(const std::string& id, Upload& upload) {
  const bool last = upload.received() == upload.bytes;
  upload.hash.update(upload.tail);
  const auto sealed = evidence::seal_chunk(upload.file_key, upload.chunks.size(), last, upload.tail);
  const auto digest = evidence::sha256(sealed);
  if (auto put = state_.edges.chunks.put(digest, sealed); !put) return state_.fail_with(put.error());
  upload.chunks.push_back(digest);
  upload.sealed_bytes += sealed.size();
  upload.tail.clear();
  if (last) return {};
  return state_.write({{kUploads, id, encode(upload)}}, Durability::synced);
}

Result<Hash> Attachments::finish(std::string_view id) {
  const auto found = find(id);
  if (!found) return found.error();
  auto& upload = **found;
  if (upload.received() != upload.bytes)
    return fail(Code::invalid_argument, "attachment: " + std::to_string(upload.received()) + " of " +
                                            std::to_string(upload.bytes) + " bytes have arrived");
  if (auto sealed = seal_tail(std::string(id), upload); !sealed) return sealed.error();
  const auto manifest = evidence::encode(evidence::Manifest{upload.sealed_bytes, upload.chunks});
  const auto digest = evidence::sha256(manifest);
  if (auto put = state_.edges.chunks.put(digest, manifest); !put) return state_.fail_with(put.error());
  Bytes row;
  Writer w(row);
  w.u64(upload.sealed_bytes);
  w.bytes(upload.file_key);
  w.bytes(upload.hash.finish());
  w.u64(upload.bytes);
  w.u16(static_cast<std::uint16_t>(upload.name.size()));
  w.bytes(upload.name);
  w.bytes(upload.mime);
  const std::vector<StoreWrite> rows{{kAttachments, std::string(text(digest)), string_of(row)},
                                     {kUploads, std::string(id), std::nullopt}};
  if (auto written = state_.write(rows, Durability::synced); !written) return written.error();
  uploads_.erase(uploads_.find(id));
  return digest;
}

Result<AttachmentSource> Attachments::source(const Hash& digest) const {
  const auto row = state_.edges.store.get(kAttachments, text(digest));
  if (!row) return row.error();
  if (!*row) return fail(Code::not_found, "attachment " + hex(digest));
  Reader r(view(**row));
  AttachmentSource source;
  source.digest = digest;
  source.sealed_bytes = r.u64();
  source.file_key = r.hash();
  source.sha256 = r.hash();
  source.bytes = r.u64();
  source.name = text(r.bytes(r.u16()));
  source.mime = text(r.bytes(r.left()));
  if (!r.ok()) return fail(Code::corrupt, "agent store: attachment");
  return source;
}

Result<evidence::Manifest> Attachments::manifest(const Hash& digest) const {
  const auto bytes = state_.edges.chunks.get(digest);
  if (!bytes) return bytes.error();
  if (evidence::sha256(*bytes) != digest) return fail(Code::corrupt, "chunk store: manifest " + hex(digest));
  return evidence::parse_manifest(*bytes);
}

}  // namespace lianxi::agent
