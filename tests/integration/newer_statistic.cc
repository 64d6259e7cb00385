// Adds a statistic that Kea has had since 3.1.4 to the Kea that loads this library (tests/integration/statistics.rs).
#include "kea_library.h"

#include <stats/stats_mgr.h>

#include <cstdint>

extern "C" int load(isc::hooks::LibraryHandle&) {
    isc::stats::StatsMgr::instance().setValue("pkt4-admin-filtered", static_cast<std::int64_t>(0));
    return (0);
}
