// See statistics.h.
#include "statistics.h"

#include <stats/stats_mgr.h>

#include <stdexcept>

using isc::stats::StatsMgr;

namespace offhook {

Statistics::Statistics(const offhook_handle* handle, bool shown)
    : handle_(handle), published_(offhook_statistic_len(), 0) {
    for (std::uint32_t index = 0; index < published_.size(); ++index) {
        offhook_bytes name = {nullptr, 0};
        if (offhook_statistic_name(index, &name) != OFFHOOK_OK) {
            throw std::logic_error("the engine does not name a statistic");
        }
        const std::string text(reinterpret_cast<const char*>(name.ptr), name.len);
        if (!shown) {
            StatsMgr::instance().del(text);
            continue;
        }
        names_.push_back(text);
        if (!StatsMgr::instance().getObservation(names_.back())) {
            StatsMgr::instance().setValue(names_.back(), static_cast<std::int64_t>(0));
        }
    }
}

void Statistics::publish() {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<std::uint64_t> values(published_.size(), 0);
    offhook_statistic_values(handle_, values.data());
    for (std::size_t index = 0; index < names_.size(); ++index) {
        const std::uint64_t fresh = values[index] - published_[index];
        published_[index] = values[index];
        if (fresh != 0) {
            StatsMgr::instance().addValue(names_[index], static_cast<std::int64_t>(fresh));
        }
    }
}

void Statistics::forget(const std::string& name) {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<std::uint64_t> values(published_.size(), 0);
    offhook_statistic_values(handle_, values.data());
    for (std::size_t index = 0; index < names_.size(); ++index) {
        if (name.empty() || name == names_[index]) {
            published_[index] = values[index];
        }
    }
}

}  // namespace offhook
