// What is noted about phones in their leases, as Kea's objects.
#ifndef OFFHOOK_LEASE_NOTES_H
#define OFFHOOK_LEASE_NOTES_H

#include <cc/data.h>

#include <array>
#include <cstddef>
#include <mutex>
#include <string>

namespace offhook {

// One note as Kea's elements: immutable, shared by all leases that bear it.
struct LeaseNote {
    isc::data::ConstElementPtr note;     // {"vendor": ..., ...}
    isc::data::ConstElementPtr context;  // {"offhook": note}: a whole user context
};

// Remembers the elements of notes met lately: a fleet has few different ones, and building one costs
// more than everything else that is done for a lease. A collision only costs building it again.
class LeaseNotes {
public:
    // text is a JSON object.
    LeaseNote get(const std::string& text);

private:
    struct Slot {
        std::mutex mutex;
        std::string text;
        LeaseNote note;
    };
    std::array<Slot, 128> slots_;
};

}  // namespace offhook

#endif
