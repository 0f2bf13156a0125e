#include "schemas/evidence/bundle.h"

#include <nlohmann/json.hpp>

namespace lianxi::evidence {

std::string to_json(const Bundle& bundle) {
  using Json = nlohmann::ordered_json;
  Json others = Json::array();
  for (const auto& hash : bundle.others) others.push_back(hex(hash));
  Json sections = Json::array();
  for (const auto& section : bundle.sections) {
    sections.push_back({{"group", section.group}, {"salt", hex(section.salt)}, {"plaintext", base64(section.plaintext)}});
  }
  const Json out = {{"format", "lianxi-evidence/v1"},
                    {"receipt", base64(encode(bundle.receipt))},
                    {"index", bundle.index},
                    {"header", base64(bundle.header)},
                    {"others", others},
                    {"sections", sections}};
  return out.dump(2) + "\n";
}

}  // namespace lianxi::evidence
