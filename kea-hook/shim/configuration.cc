// See configuration.h.
#include "configuration.h"

#include <algorithm>
#include <array>

using isc::data::ConstElementPtr;
using isc::data::Element;

namespace offhook {

namespace {

const std::string OWN = "offhook";

// Kea's own libraries: what they know of classes, they got from the configuration or a command. Any other
// may request a class by a name that is in its code.
const std::array<const char*, 25> OF_KEA = {
    "bootp",      "cb_cmds",   "class_cmds",  "ddns_tuning", "flex_id",    "flex_option", "forensic_log",
    "gss_tsig",   "ha",        "host_cache",  "host_cmds",   "lease_cmds", "lease_query", "legal_log",
    "limits",     "mysql",     "perfmon",     "pgsql",       "ping_check", "radius",      "rbac",
    "run_script", "stat_cmds", "subnet_cmds", "user_chk"};

bool isOfKea(const std::string& name) {
    return (std::find(OF_KEA.begin(), OF_KEA.end(), name) != OF_KEA.end());
}

ConstElementPtr member(const ConstElementPtr& element, const std::string& name, int type) {
    if (!element || element->getType() != Element::map) {
        return (ConstElementPtr());
    }
    const ConstElementPtr found = element->get(name);
    return (found && found->getType() == type ? found : ConstElementPtr());
}

// The options that libdhcp_flex_option is configured to change. One without a code is given by its name.
std::vector<std::uint8_t> flexOptionCodes(const ConstElementPtr& entry) {
    std::vector<std::uint8_t> codes;
    const ConstElementPtr options =
        member(member(entry, "parameters", Element::map), "options", Element::list);
    if (!options) {
        return (codes);
    }
    for (const auto& option : options->listValue()) {
        const ConstElementPtr code = member(option, "code", Element::integer);
        if (!code || code->intValue() < 1 || code->intValue() > 254) {
            return (std::vector<std::uint8_t>());
        }
        codes.push_back(static_cast<std::uint8_t>(code->intValue()));
    }
    std::sort(codes.begin(), codes.end());
    codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
    return (codes);
}

}  // namespace

std::string libraryName(const ConstElementPtr& entry) {
    const ConstElementPtr path = member(entry, "library", Element::string);
    if (!path) {
        return ("");
    }
    const std::string lead = "libdhcp_";
    std::string name = path->stringValue();
    name = name.substr(name.rfind('/') + 1);
    name.resize(std::min(name.size(), name.find(".so")));
    return (name.compare(0, lead.size(), lead) == 0 ? name.substr(lead.size()) : name);
}

std::vector<ConstElementPtr> ownEntries(const ConstElementPtr& configuration) {
    std::vector<ConstElementPtr> own;
    const ConstElementPtr libraries = member(configuration, "hooks-libraries", Element::list);
    if (libraries) {
        for (const auto& entry : libraries->listValue()) {
            if (libraryName(entry) == OWN) {
                own.push_back(entry);
            }
        }
    }
    return (own);
}

std::string leaseFile(const ConstElementPtr& configuration) {
    const ConstElementPtr database = member(configuration, "lease-database", Element::map);
    const ConstElementPtr type = member(database, "type", Element::string);
    const ConstElementPtr name = member(database, "name", Element::string);
    return (type && name && type->stringValue() == "memfile" ? name->stringValue() : "");
}

std::vector<LibraryBehind> librariesBehind(const ConstElementPtr& configuration) {
    std::vector<LibraryBehind> behind;
    const ConstElementPtr libraries = member(configuration, "hooks-libraries", Element::list);
    if (!libraries) {
        return (behind);
    }
    bool after = false;
    for (const auto& entry : libraries->listValue()) {
        const std::string name = libraryName(entry);
        if (name == OWN) {
            after = true;
        } else if (after && name == "flex_option") {
            behind.push_back({name, flexOptionCodes(entry)});
        } else if (after && !isOfKea(name)) {
            behind.push_back({name, {}});
        }
    }
    return (behind);
}

bool hasStrangers(const ConstElementPtr& libraries) {
    if (!libraries || libraries->getType() != Element::list) {
        return (false);
    }
    const auto& list = libraries->listValue();
    return (std::any_of(list.begin(), list.end(), [](const auto& entry) {
        const std::string name = libraryName(entry);
        return (name != OWN && !isOfKea(name));
    }));
}

}  // namespace offhook
