#include "agents/runtime/chunk_client.h"

#include <algorithm>

namespace lianxi::agent {

Result<bool> ChunkClient::ensure_uploaded(const Hash& attachment, Now now) {
  if (uploaded_.contains(attachment)) return true;
  if (missing_.contains(attachment)) return false;
  const auto manifest = attachments_.manifest(attachment);
  if (!manifest) return manifest.error();
  auto& blobs = missing_[attachment];
  blobs.insert(manifest->chunks.begin(), manifest->chunks.end());
  blobs.insert(attachment);
  // The manifest first: a hub that has it may know the rest.
  enqueue({Job::Kind::ask, attachment, attachment, {}, 0}, now);
  for (const auto& chunk : manifest->chunks) enqueue({Job::Kind::ask, attachment, chunk, {}, 0}, now);
  return false;
}

void ChunkClient::forget_uploaded(const Hash& attachment) {
  uploaded_.erase(attachment);
  missing_.erase(attachment);
}

void ChunkClient::fetch(const Hash& attachment, const Hash& digest, Position position, Now now) {
  enqueue({Job::Kind::get, attachment, digest, position, 0}, now);
}

Code ChunkClient::take_failure(const Hash& digest) {
  const auto found = failures_.find(digest);
  if (found == failures_.end()) return Code::ok;
  const auto code = found->second;
  failures_.erase(found);
  return code;
}

void ChunkClient::enqueue(Job job, Now now) {
  if (waiting_.size() >= kWaitingMax) return failed(job, Code::overloaded);
  if (!known_.insert(job.digest).second) return;
  waiting_.push_back(std::move(job));
  pump(now);
}

void ChunkClient::pump(Now now) {
  if (!session_.ready() || now.boot < not_before_) return;
  while (!waiting_.empty() && under_way_.size() < kWindow) {
    if (!send(waiting_.front(), now)) return;
    under_way_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
}

bool ChunkClient::send(Job& job, Now now) {
  job.request = session_.next_request();
  session_.expect(now);
  if (job.kind == Job::Kind::get) {
    return session_.send(get_chunk_frame(job.request, job.attachment, job.digest, job.position.packed()));
  }
  if (job.kind == Job::Kind::ask) return session_.send(put_chunk_frame(job.request, job.digest));
  auto bytes = state_.edges.chunks.get(job.digest);
  if (!bytes) {
    state_.fail_with(bytes.error());
    return false;
  }
  return session_.send(put_chunk_frame(job.request, job.digest), *std::move(bytes));
}

// What was under way when the session broke is asked for again, in its old order.
void ChunkClient::on_welcome(Now now) {
  while (!under_way_.empty()) {
    waiting_.push_front(std::move(under_way_.back()));
    under_way_.pop_back();
  }
  pump(now);
}

std::optional<ChunkClient::Job> ChunkClient::take(std::uint64_t request) {
  const auto found = std::ranges::find(under_way_, request, &Job::request);
  if (found == under_way_.end()) return std::nullopt;
  auto job = std::move(*found);
  under_way_.erase(found);
  return job;
}

std::optional<ChunkClient::Job> ChunkClient::take(const Hash& digest) {
  const auto found = std::ranges::find(under_way_, digest, &Job::digest);
  return found == under_way_.end() ? std::nullopt : take(found->request);
}

void ChunkClient::failed(const Job& job, Code code) {
  known_.erase(job.digest);
  if (job.kind == Job::Kind::get)
    failures_[job.digest] = code;
  else
    missing_.erase(job.attachment);  // The next ensure_uploaded() begins again.
}

void ChunkClient::on_chunk(const wire::Chunk& chunk, ByteView payload, Now now) {
  const auto digest = array_from<32>(view_of(chunk.digest()));
  auto job = digest ? take(*digest) : std::nullopt;
  if (!job) return;
  if (job->kind == Job::Kind::get) {
    if (payload.empty())
      failed(*job, Code::not_found);
    else if (evidence::sha256(payload) != *digest)
      failed(*job, Code::verification_failed);
    else if (auto put = state_.edges.chunks.put(*digest, payload); !put)
      state_.fail_with(put.error());
    known_.erase(*digest);
  } else if (!chunk.stored()) {
    job->kind = Job::Kind::put;
    waiting_.push_front(*std::move(job));
  } else {
    known_.erase(*digest);
    for (auto it = missing_.begin(); it != missing_.end();) {
      it->second.erase(*digest);
      if (it->second.empty()) uploaded_.insert(it->first);
      it = it->second.empty() ? missing_.erase(it) : std::next(it);
    }
  }
  pump(now);
}

void ChunkClient::on_refused(std::uint64_t request, Code code, bool retry, Now now) {
  auto job = take(request);
  if (!job) return;
  not_before_ = now.boot + kAnswerMs;
  if (retry)
    waiting_.push_front(*std::move(job));
  else
    failed(*job, code);
}

void ChunkClient::on_busy(std::uint64_t request, std::uint32_t retry_after_ms, Now now) {
  auto job = take(request);
  if (!job) return;
  not_before_ = now.boot + retry_after_ms;
  waiting_.push_front(*std::move(job));
}

}  // namespace lianxi::agent
