// What is noted about phones in their leases, as Kea's objects.
#ifndef OFFHOOK_LEASE_NOTES_H
#define OFFHOOK_LEASE_NOTES_H

#include <cc/data.h>

#include <array>
#include <cstddef>
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
// everything else that is done for a lease. A site has a note for each model and firmware, so keys often
// meet in one place; a place holds several, and the one that came first leaves.
class LeaseNotes {
public:
    // build gives the note as JSON text; it is called if this key's note is not at hand.
    template <typename Build>
    LeaseNote get(std::uint64_t key, Build build) {
        Place& place = places_[key % places_.size()];
        {
            const std::lock_guard<std::mutex> lock(place.mutex);
            for (const Kept& kept : place.kept) {
                if (kept.key == key && kept.note.context) {
                    return (kept.note);
                }
            }
        }
        const LeaseNote fresh = make(build());
        const std::lock_guard<std::mutex> lock(place.mutex);
        place.kept[place.next] = {key, fresh};
        place.next = (place.next + 1) % place.kept.size();
        return (fresh);
    }

private:
    static LeaseNote make(const std::string& text);

    struct Kept {
        std::uint64_t key = 0;
        LeaseNote note;
    };
    struct Place {
        std::mutex mutex;
        std::size_t next = 0;
        std::array<Kept, 4> kept;
    };
    std::array<Place, 256> places_;
};

}  // namespace offhook

#endif
