// SPDX-License-Identifier: MIT
// Memory that forked processes share.
#pragma once

#include <cstdlib>
#include <new>
#include <sys/mman.h>

namespace test {

// Made before the fork.
template<class T>
class SharedMemory {
public:
    SharedMemory() {
        void* const memory =
            ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) std::abort();
        value_ = new (memory) T{};
    }
    ~SharedMemory() { ::munmap(value_, sizeof(T)); }
    SharedMemory(SharedMemory const&) = delete;
    SharedMemory& operator=(SharedMemory const&) = delete;

    T* operator->() const noexcept { return value_; }
    T& operator*() const noexcept { return *value_; }

private:
    T* value_;
};

}  // namespace test
