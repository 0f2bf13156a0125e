// The hub's data directory: what lies where, opened in the right order.
//
//   DIR/hub.key  HUB.pub  journal/  store/  chunks/  lock  admin.sock  http.json
//
// A second process on the same directory is refused (lock). Threads: the opener.
#pragma once

#include <memory>
#include <string>

#include "hub/hub_core.h"

namespace lianxi::hub {

struct HubFiles {
  std::string directory;
  evidence::HubKeys keys;
  std::unique_ptr<DirectDisk> disk;          // journal/
  std::unique_ptr<Store> store;
  std::unique_ptr<ChunkStore> chunks;
  int lock_fd = -1;

  static Result<std::unique_ptr<HubFiles>> open(const std::string& directory);
  ~HubFiles();
};

inline std::string key_path(const std::string& directory) { return directory + "/hub.key"; }
inline std::string card_path(const std::string& directory) { return directory + "/HUB.pub"; }
inline std::string admin_path(const std::string& directory) { return directory + "/admin.sock"; }

// Opens the journal under a core that was opened on `files`, replays it and starts the core.
Result<std::unique_ptr<journal::Journal>> start_core(HubCore& core, HubFiles& files, Entropy& entropy, Now now);

}  // namespace lianxi::hub
