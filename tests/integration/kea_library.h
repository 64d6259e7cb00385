// What Kea asks of every hook library before it loads it: included once by each library of a test.
#ifndef OFFHOOK_TESTS_KEA_LIBRARY_H
#define OFFHOOK_TESTS_KEA_LIBRARY_H

#include <hooks/hooks.h>

extern "C" {

int version() {
    return (KEA_HOOKS_VERSION);
}

int multi_threading_compatible() {
    return (1);
}
}

#endif
