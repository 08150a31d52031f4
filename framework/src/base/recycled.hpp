// SPDX-License-Identifier: MIT
// Memory for objects of which hundreds come and go at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COHORT_RECYCLES 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define COHORT_RECYCLES 0
#endif
#endif
#ifndef COHORT_RECYCLES
#define COHORT_RECYCLES 1
#endif

namespace cohort {

namespace detail {

// What one thread keeps of one size. malloc keeps seven: then it sorts, splits and joins.
template<std::size_t Size>
class Shelf {
public:
    static void* take() {
        Shelf* const shelf = own();
        if (shelf == nullptr || shelf->first_ == nullptr) return ::operator new(Size);
        --shelf->count_;
        return std::exchange(shelf->first_, shelf->first_->next);
    }
    static void put(void* memory) noexcept {
        Shelf* const shelf = own();
        if (shelf == nullptr || shelf->count_ == most) return ::operator delete(memory);
        ++shelf->count_;
        shelf->first_ = ::new (memory) Block{shelf->first_};
    }

private:
    struct Block {
        Block* next;
    };
    static constexpr std::size_t most = 256;
    static_assert(Size >= sizeof(Block));

    Shelf() = default;
    ~Shelf() {
        is_gone = true;
        while (first_ != nullptr)
            ::operator delete(std::exchange(first_, first_->next));
    }

    // Null when this thread is ending: others of its objects may go later.
    static Shelf* own() noexcept {
        if (is_gone) return nullptr;
        thread_local Shelf shelf;
        return &shelf;
    }

    static inline thread_local bool is_gone = false;

    Block* first_ = nullptr;
    std::size_t count_ = 0;
};

}  // namespace detail

// An allocator for std::allocate_shared. Under a sanitizer it is an ordinary one, or that would not see who
// uses what has been freed.
template<class T>
struct Recycled {
    using value_type = T;

    Recycled() = default;
    template<class U>
    Recycled(Recycled<U> const&) noexcept {}

    T* allocate(std::size_t count) {
        static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
        if (!COHORT_RECYCLES || count != 1) return static_cast<T*>(::operator new(count * sizeof(T)));
        return static_cast<T*>(detail::Shelf<sizeof(T)>::take());
    }
    void deallocate(T* memory, std::size_t count) noexcept {
        if (!COHORT_RECYCLES || count != 1) return ::operator delete(memory);
        detail::Shelf<sizeof(T)>::put(memory);
    }

    bool operator==(Recycled const&) const = default;
};

template<class T, class... Args>
std::shared_ptr<T> make_recycled(Args&&... args) {
    return std::allocate_shared<T>(Recycled<T>{}, std::forward<Args>(args)...);
}

}  // namespace cohort
