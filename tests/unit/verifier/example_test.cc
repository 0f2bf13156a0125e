// The example of docs/formats/receipt.md: these bytes are frozen. If this test fails, receipts in people's files stop verifying.
#include <gtest/gtest.h>

#include "schemas/verifier/verifier.h"
#include "tests/unit/evidence/sample_log.h"

namespace lianxi::verifier {
namespace {

constexpr const char* kReceipt =
    "c2sp.org/tlog-proof@v1\n"
    "extra "
    "AHZsaWFueGkvZW50cnkvdjEAAWhOmo44SbQJABAAG2Vj3JnBuuPoz2dEW2MaSzEYyqe1DTQzMDkyMi1QT0xJQ0UAs1UsIDZpqxAAAAABAAAAAAAAAAEAAlki7nYp"
    "TKeUze32fL5Hl4PYJc005aU5ILlTL4FSAfMwSFiHFQA0Bu+4m1NE3TmfAHnXz7BYZt9GrEBpkZd/"
    "iLedmOtxsy0j9KTZYImyTXSxE3Q7DZR4Q60o1w20SsAxBQAAAAEAAAAAAAAAAQAAAZVbr8IBAAAAAAAAAAMAAAA=\n"
    "index 1\n"
    "QK9OVbgqUjWriFh1SJhYKKxBtJfSf9AgHdt9g4pPI98=\n"
    "Fpw7QD4DXa8aMHz8DTRpJ5FFT3QoSlOJK6VHedLGFHg=\n"
    "\n"
    "lianxi/684e9a8e3849b409/g1\n"
    "3\n"
    "PuQD/z7qQf9VsiF1YCzBStbIQYajTALmks8mhiwigUs=\n"
    "\n"
    "\xe2\x80\x94 lianxi/684e9a8e3849b409/g1 "
    "j7HZvaPnsvE5q8D2A1ll22L8pwsyIyCLoUFCXrYOqIpczPQEYO5LZGQfWV2Wl+2pAo789/xZGNQUBT/PYs8JFT6dUA4=\n";
constexpr const char* kHubCard = R"({
  "format": "lianxi-hub-card/v1",
  "log_id": "684e9a8e3849b4090010001b6563dc99c1bae3e8cf67445b631a4b3118caa7b5",
  "origin": "lianxi/684e9a8e3849b409/g1",
  "generation": 1,
  "leaf0": "40af4e55b82a5235ab88587548985828ac41b497d27fd0201ddb7d838a4f23df",
  "operators": [
    "a2fa2f4a355ba2e907a53009e9e37caddf7ac7e66a08ba07631f553072b3f24c"
  ],
  "threshold": 1,
  "checkpoint_key": "9592bce84e4162d27c036ae2f36f465e9b698b9c7c987d713bd81580e56e0a80",
  "vkey": "lianxi/684e9a8e3849b409/g1+8fb1d9bd+AZWSvOhOQWLSfANq4vNvRl6baYucfJh9cTvYFYDlbgqA",
  "curve_key": "07a88f8bc601f9c7cbc91c5e0235526603d6fb1115a9775ea20b0305adf8145b",
  "endpoints": {
    "submit": "",
    "deliver": "",
    "chunks": ""
  }
})";
constexpr const char* kAgencyCard = R"({
  "format": "lianxi-agency-card/v1",
  "agency": "430922-POLICE",
  "suite": 1,
  "name_zh": "机关",
  "name_en": "Agency",
  "host": "",
  "transport": "347a51ef9890d832f5040acfcb94adc49eb56c7ff709c3c1ce96a117b0deff46",
  "signing": "9ad85958547a0316b76a4b294096e31bc2c512ad7ee9572443917848dc26a2b9",
  "signing_key_id": "b3552c203669ab10",
  "seats": [
    {
      "seat": "",
      "sealing": "20eb97362ab24d044bb009a768e68f5229d42e51b34ab9ef4468a33d2cc9c40b"
    }
  ]
})";

TEST(ExampleTest, TheDocumentsReceiptVerifies) {
  const std::vector<std::string> cards{kAgencyCard};
  const auto report = verify_receipt(view(kReceipt), kHubCard, cards);
  EXPECT_TRUE(report.ok) << to_text(report);
  EXPECT_EQ(report.entry->agency, "430922-POLICE");
}

TEST(ExampleTest, TheSameEntryStillGivesTheSameReceipt) {
  evidence::sample::SampleLog log(1);
  log.grow_to(3);
  const auto receipt = log.receipt(1, 3);
  EXPECT_EQ(evidence::receipt_file(receipt), kReceipt);
  EXPECT_EQ(hex(evidence::leaf_hash(receipt.entry_header, receipt.signature, receipt.hub_part)),
            "fab7d20d427fd6d2c9ab8997833d6db7e576e81306bdc181458ad0c9dfd26829");
  EXPECT_EQ(evidence::fingerprint(log.card()), "85274 32196 90283 09323 45409 28055 42188 89138");
  EXPECT_EQ(evidence::fingerprint(log.agency_card(1)), "94528 15240 47851 06616 18856 31816 60571 07450");
}

}  // namespace
}  // namespace lianxi::verifier
