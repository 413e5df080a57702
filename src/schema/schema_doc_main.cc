// gnomon-schema-doc FILE: rewrites the schema's reference page.
#include <fstream>
#include <iostream>

#include "schema/schema_doc.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "example: gnomon-schema-doc docs/reference/schema.md\n";
    return 2;
  }
  std::ofstream file(argv[1], std::ios::binary);
  file << gnomon::schema::schema_page();
  file.close();
  if (!file) std::cerr << "write " << argv[1] << ": the file could not be written\n";
  return file ? 0 : 1;
}
