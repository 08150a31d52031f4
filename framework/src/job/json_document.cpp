// SPDX-License-Identifier: MIT
// Each thread keeps a stock of the memory that its documents have used, so that a job costs no allocation for
// one.
#include "job/json_root.hpp"

#include <utility>

namespace cohort {
namespace {

using detail::JsonRoot;

// Trivial, so that a document that dies after its thread's stock finds it closed.
thread_local JsonRoot* stock = nullptr;
thread_local std::size_t stock_size = 0;
thread_local bool stock_closed = false;

constexpr std::size_t largest_stock = 64;

struct StockCloser {
    ~StockCloser() {
        stock_closed = true;
        while (stock != nullptr)
            delete std::exchange(stock, stock->next);
    }
};

JsonRoot* take() {
    if (stock == nullptr) return new JsonRoot;
    --stock_size;
    return std::exchange(stock, stock->next);
}

void give_back(JsonRoot* root) noexcept {
    thread_local StockCloser closer;
    if (stock_closed || stock_size >= largest_stock) {
        delete root;
        return;
    }
    root->clear();
    root->next = std::exchange(stock, root);
    ++stock_size;
}

}  // namespace

JsonDocument::JsonDocument(JsonRole role, std::size_t max_bytes) : root_{take()}, max_bytes_{max_bytes} {
    root_->role = role;
}

JsonDocument::JsonDocument(JsonDocument&& other) noexcept
    : root_{std::exchange(other.root_, nullptr)}, max_bytes_{other.max_bytes_} {}

JsonDocument::~JsonDocument() {
    if (root_ != nullptr) give_back(root_);
}

JsonView JsonDocument::parse(std::string_view text) {
    if (text.size() > max_bytes_) {
        throw Error{errc::payload_too_large, std::to_string(text.size()) + " > " +
                                                 std::to_string(max_bytes_) +
                                                 " bytes; store it elsewhere and pass a reference"};
    }
    root_->clear();
    root_->is_clear = false;
    detail::parse_json(*root_, text);
    return {root_->value, root_};
}

}  // namespace cohort
