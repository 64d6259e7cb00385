// What is noted about phones in their leases, as Kea's objects.
#ifndef OFFHOOK_LEASE_NOTES_H
#define OFFHOOK_LEASE_NOTES_H

#include <cc/data.h>

#include <array>
#include <cstdint>
#include <mutex>
#include <string>

namespace offhook {

// One note as Kea's elements: immutable, shared by all leases that have it.
struct LeaseNote {
    isc::data::ConstElementPtr note;     // {"vendor": ..., ...}
    isc::data::ConstElementPtr context;  // {"offhook": note}: a whole user context
};

// Remembers the elements of notes met lately, by the engine's key: building one costs more than
// everything else that is done for a lease. Where two keys meet in one place, the later one stays.
class LeaseNotes {
public:
    // build gives the note as JSON text; it is called if this key's note is not at hand.
    template <typename Build>
    LeaseNote get(std::uint64_t key, Build build) {
        Slot& slot = slots_[key % slots_.size()];
        {
            const std::lock_guard<std::mutex> lock(slot.mutex);
            if (slot.key == key && slot.note.context) {
                return (slot.note);
            }
        }
        const LeaseNote fresh = make(build());
        const std::lock_guard<std::mutex> lock(slot.mutex);
        slot.key = key;
        slot.note = fresh;
        return (fresh);
    }

private:
    static LeaseNote make(const std::string& text);

    struct Slot {
        std::mutex mutex;
        std::uint64_t key = 0;
        LeaseNote note;
    };
    std::array<Slot, 256> slots_;
};

}  // namespace offhook

#endif
