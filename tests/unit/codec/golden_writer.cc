#include <cstdio>
#include <fstream>

#include "tests/unit/codec/golden.h"

using namespace lianxi::codec;

int main(int argc, char** argv) {
  const auto& catalogue = Catalogue::instance();
  int broken = 0;
  for (const Golden& document : goldens(argc > 1 ? argv[1] : golden_directory())) {
    if (std::filesystem::exists(sections_path(document))) continue;
    std::vector<Fault> faults;
    const TypeInfo* type = catalogue.by_code(document.code);
    if (type == nullptr) continue;
    const auto sections = catalogue.split(*type, document.json, {}, faults);
    for (const Fault& fault : faults) {
      std::printf("%s%s: %s\n", document.path.filename().c_str(), fault.path.c_str(), fault.en.c_str());
      ++broken;
    }
    if (faults.empty()) std::ofstream(sections_path(document)) << sections_text(sections);
  }
  return broken == 0 ? 0 : 1;
}
