// What the shim reads in Kea's own configuration.
#ifndef OFFHOOK_CONFIGURATION_H
#define OFFHOOK_CONFIGURATION_H

#include <cc/data.h>

#include <cstdint>
#include <string>
#include <vector>

namespace offhook {

// The file name of an entry of "hooks-libraries", without folder: libdhcp_NAME.so is NAME.
std::string libraryName(const isc::data::ConstElementPtr& entry);

// The entries of "hooks-libraries" that are offhook's own.
std::vector<isc::data::ConstElementPtr> ownEntries(const isc::data::ConstElementPtr& configuration);

// The lease file as the configuration names it; empty if leases are in a database or not stored.
std::string leaseFile(const isc::data::ConstElementPtr& configuration);

// A library that is called after this one and may change the options of answers.
struct LibraryBehind {
    std::string name;
    std::vector<std::uint8_t> codes;  // that its parameters name; none if that cannot be found out
};

std::vector<LibraryBehind> librariesBehind(const isc::data::ConstElementPtr& configuration);

// Whether the list has a library that Kea does not bring.
bool hasStrangers(const isc::data::ConstElementPtr& libraries);

}  // namespace offhook

#endif
