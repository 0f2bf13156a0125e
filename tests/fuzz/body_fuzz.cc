// JSON bodies and foreign plaintexts of every type: a body that is split without a fault merges to one that splits to the same bytes.
#include "schemas/base/check.h"
#include "schemas/codec/catalogue.h"

namespace codec = lianxi::codec;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto& catalogue = codec::Catalogue::instance();
  const auto& type = catalogue.types()[data[0] % catalogue.types().size()];
  const lianxi::ByteView rest(data + 1, size - 1);

  std::vector<codec::Fault> faults;
  for (const auto group : type.groups) catalogue.validate(type, group, rest, faults);
  (void)catalogue.merge(type, {{type.groups.front(), lianxi::copy(rest)}});

  faults.clear();
  const auto sections = catalogue.split(type, lianxi::text(rest), {}, faults);
  if (!faults.empty()) return 0;
  const auto merged = catalogue.merge(type, sections);
  lianxi::check(merged.has_value(), "body: what was split does not merge");
  const auto again = catalogue.split(type, *merged, {}, faults);
  lianxi::check(faults.empty() && again.size() == sections.size(), "body: what was merged does not split");
  for (std::size_t i = 0; i < again.size(); ++i) {
    lianxi::check(lianxi::equal(again[i].plaintext, sections[i].plaintext), "body: split, merged and split is another body");
  }
  return 0;
}
