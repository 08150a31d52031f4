// SPDX-License-Identifier: MIT
// Long texts: their characters stand behind the number of those that share them.
#include <cohort/shared_text.hpp>

#include <atomic>
#include <new>
#include <ostream>

namespace cohort {

struct detail::TextBlock {
    explicit TextBlock(std::size_t its_size) noexcept : size{its_size} {}

    std::atomic<std::size_t> shares = 1;
    std::size_t const size;

    char* text() noexcept { return reinterpret_cast<char*>(this + 1); }
};

using detail::TextBlock;

void Text::keep(std::string_view text) {
    auto* const block = new (::operator new(sizeof(TextBlock) + text.size())) TextBlock{text.size()};
    text.copy(block->text(), text.size());
    std::memcpy(bytes_.data(), &block, sizeof block);
    size_ = long_size;
}

void Text::share() const noexcept {
    block()->shares.fetch_add(1, std::memory_order_relaxed);
}

void Text::let_go() const noexcept {
    TextBlock* const last = block();
    if (last->shares.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
    last->~TextBlock();
    ::operator delete(last);
}

std::string_view Text::long_view() const noexcept {
    return {block()->text(), block()->size};
}

std::ostream& operator<<(std::ostream& stream, Text const& text) {
    return stream << text.view();
}

}  // namespace cohort
