// Whether clients are put into the classes PHONE and PHONE_<vendor>.
#ifndef OFFHOOK_CLASSES_H
#define OFFHOOK_CLASSES_H

#include "../include/abi.h"

#include <cc/data.h>
#include <hooks/library_handle.h>

#include <string>
#include <thread>

namespace offhook {

struct Fixed;

// Classes take a hook point of their own (buffer4_receive), and being called there costs each packet more
// than recognising the phone (docs/figures/callouts.md). So they are not set where nothing uses them.
// In doubt, and until the server has passed its configuration, they are set.
class Classes {
public:
    // library: as load got it; Kea keeps it until after unload.
    Classes(const offhook_handle* engine, isc::hooks::LibraryHandle& library);

    // A policy came into force.
    void policy(const Fixed& fixed);
    // The server's configuration, whole.
    void configured(const isc::data::ConstElementPtr& configuration);
    // A command was carried out: it may have brought a class, a subnet or a reservation that looks.
    void commanded(const std::string& name, const isc::data::ConstElementPtr& arguments);

private:
    void settle();

    const offhook_handle* const engine_;
    isc::hooks::LibraryHandle& library_;
    const std::thread::id main_ = std::this_thread::get_id();
    std::string prefix_;
    bool mentioned_ = true;
    bool needed_ = true;
    bool called_ = false;
};

}  // namespace offhook

#endif
