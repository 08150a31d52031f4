// SPDX-License-Identifier: MIT
// The program's operator new and aligned_alloc. Each thread counts in a cache line of its own, so that
// counting costs next to nothing.
#include "support/allocations.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <malloc.h>
#include <new>

namespace {

struct alignas(64) Counter {
    std::atomic<std::uint64_t> count{0};
};

// Threads beyond so many share the last counter; what they lose does not matter.
constinit std::array<Counter, 1024> counters{};
constinit std::atomic<unsigned> threads{0};
constinit thread_local Counter* mine = nullptr;

void* counted(std::size_t size, std::size_t alignment = 0) noexcept {
    if (mine == nullptr) mine = &counters[std::min<std::size_t>(threads.fetch_add(1), counters.size() - 1)];
    // Not fetch_add: its lock prefix waits for all stores before it, and would be a sixth of what is
    // measured.
    mine->count.store(mine->count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    if (size == 0) size = 1;
    return alignment <= alignof(std::max_align_t) ? std::malloc(size) : memalign(alignment, size);
}

void* counted_or_throw(std::size_t size, std::size_t alignment = 0) {
    void* const memory = counted(size, alignment);
    if (memory == nullptr) throw std::bad_alloc{};
    return memory;
}

}  // namespace

std::uint64_t bench::allocations() noexcept {
    std::uint64_t sum = 0;
    for (auto const& counter : counters)
        sum += counter.count.load(std::memory_order_relaxed);
    return sum;
}

extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    return counted(size, alignment);
}

void* operator new(std::size_t size) {
    return counted_or_throw(size);
}
void* operator new[](std::size_t size) {
    return counted_or_throw(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return counted_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
    return counted_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
    return counted(size);
}
void* operator new[](std::size_t size, std::nothrow_t const&) noexcept {
    return counted(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}
