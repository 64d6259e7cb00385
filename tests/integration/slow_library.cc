// A hook library that takes two seconds to load (tests/integration/cannot_break/package.rs): Kea starts meanwhile, has
// loaded the libraries before it, and has no handler for SIGHUP yet.
#include "kea_library.h"

#include <cstdlib>
#include <fstream>
#include <string>
#include <unistd.h>

extern "C" int load(isc::hooks::LibraryHandle&) {
    std::ofstream(std::string(std::getenv("KEA_LOCKFILE_DIR")) + "/loads");
    sleep(2);
    return (0);
}
