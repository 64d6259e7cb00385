// The engine's counters as Kea statistics.
//
// A call of Kea's StatsMgr takes a lock that all packet threads share, and a string comparison per
// statistic; so packets only count inside the engine, and the values reach StatsMgr when a command
// requests statistics (see command_processed in commands.cc) and at unload.
#ifndef OFFHOOK_STATISTICS_H
#define OFFHOOK_STATISTICS_H

#include "../include/abi.h"

#include <mutex>
#include <string>
#include <vector>

namespace offhook {

class Statistics {
public:
    // Makes every statistic visible, with 0 where Kea does not have it yet: a configuration reload
    // goes on counting where the last one ended. Not shown: all of them are taken out of Kea's.
    Statistics(const offhook_handle* handle, bool shown);

    const std::vector<std::string>& names() const { return (names_); }

    // Adds to Kea's statistics what has been counted since the last time.
    void publish();

    // What has been counted until now is not to be published: an operator has just reset the
    // statistic of this name, or with an empty name all of them.
    void forget(const std::string& name);

private:
    const offhook_handle* const handle_;
    std::vector<std::string> names_;
    std::vector<std::uint64_t> published_;
    std::mutex mutex_;  // commands may come on a thread of libdhcp_ha's own
};

}  // namespace offhook

#endif
