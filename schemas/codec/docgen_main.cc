// lianxi-docgen DIRECTORY: writes the reference pages of all message types there.
#include <cstdio>
#include <fstream>

#include "schemas/codec/reference_pages.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: lianxi-docgen DIRECTORY\n");
    return 2;
  }
  for (const auto& page : lianxi::codec::reference_pages()) {
    std::ofstream out(std::string(argv[1]) + "/" + page.file, std::ios::binary);
    out << page.text;
    if (!out.flush()) {
      std::fprintf(stderr, "lianxi-docgen: cannot write %s\n", page.file.c_str());
      return 1;
    }
  }
  return 0;
}
