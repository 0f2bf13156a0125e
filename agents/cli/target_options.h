// --at, --url, --token-file: which agent a command talks to.
#pragma once

#include <CLI/CLI.hpp>

#include "agents/cli/http_client.h"

namespace lianxi::cli {

inline void add_target_options(CLI::App& app, const Session& session, Target& target) {
  app.add_option("--at", target.at,
                 session.say("单位的数据目录（含 http.json）；默认 $LIANXI_AT",
                             "the agency's directory (with http.json); default $LIANXI_AT"))
      ->type_name("DIR");
  app.add_option("--url", target.url, session.say("接口地址，代替 --at", "the interface's address, instead of --at"))
      ->type_name("URL");
  app.add_option("--token-file", target.token_file, session.say("令牌文件，与 --url 同用", "token file, with --url"))
      ->type_name("FILE");
}

}  // namespace lianxi::cli
