// SPDX-License-Identifier: MIT
// Methods, properties and tables in bytes: librabbitmq's functions, behind checks that a hostile peer cannot
// pass.
#pragma once

#include <amqp.h>
#include <amqp_framing.h>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cohort::rabbitmq {

// The memory of what was decoded.
class Arena {
public:
    Arena() { init_amqp_pool(&pool_, 4096); }
    ~Arena() { empty_amqp_pool(&pool_); }
    Arena(Arena const&) = delete;
    Arena& operator=(Arena const&) = delete;

    amqp_pool_t* get() noexcept { return &pool_; }
    void clear() noexcept { recycle_amqp_pool(&pool_); }

private:
    amqp_pool_t pool_;
};

struct Method {
    amqp_method_number_t id = 0;
    void const* fields = nullptr;

    // The caller has looked at the id.
    template<class Fields>
    Fields const& as() const noexcept {
        return *static_cast<Fields const*>(fields);
    }
};

inline std::string_view view(amqp_bytes_t bytes) noexcept {
    return {static_cast<char const*>(bytes.bytes), bytes.len};
}
inline amqp_bytes_t bytes_of(std::string_view text) noexcept {
    return {text.size(), const_cast<char*>(text.data())};
}

// A table as it is written. Names and texts must outlive it.
class Table {
public:
    using Value = std::variant<bool, std::int64_t, double, std::string_view>;

    Table() = default;
    Table(Table&&) = default;
    Table& operator=(Table&&) = default;

    Table& add(std::string_view name, Value value);
    Table& add(std::string_view name, Table const& table);
    amqp_table_t get() noexcept { return {static_cast<int>(entries_.size()), entries_.data()}; }

private:
    std::vector<amqp_table_entry_t> entries_;
    std::list<std::vector<amqp_table_entry_t>> inner_;
};

// Of a table that was read: the integer of this name, whatever its width; or `otherwise`.
std::int64_t integer(amqp_table_t const& table, std::string_view name, std::int64_t otherwise) noexcept;
double real(amqp_table_t const& table, std::string_view name, double otherwise) noexcept;
bool flag(amqp_table_t const& table, std::string_view name) noexcept;
std::string_view text(amqp_table_t const& table, std::string_view name) noexcept;

// basic.credit, an extension of RabbitMQ 3 that librabbitmq does not know: how many more messages a consumer
// may be given, whatever is acked. Its answer has nothing that is needed here.
inline constexpr amqp_method_number_t basic_credit_method = 0x003C00C8;
inline constexpr amqp_method_number_t basic_credit_ok_method = basic_credit_method + 1;
struct BasicCredit {
    amqp_bytes_t consumer_tag{};
    std::uint32_t credit = 0;
};

// A method frame, added to `out`. Throws Error(payload_too_large) where a field is too long for AMQP.
void append_method(std::string& out, std::uint16_t channel, amqp_method_number_t id, void const* fields);
// A message: method, header and body frames.
void append_content(std::string& out, std::uint16_t channel, amqp_method_number_t id, void const* fields,
                    amqp_basic_properties_t const& properties, std::string_view body,
                    std::uint32_t frame_max);

// Of a method frame's payload. Only what a server may send is decoded. Throws Error(protocol_error).
Method decode_method(std::string_view payload, Arena& arena);

struct ContentHead {
    std::uint64_t size = 0;  // of the body
    amqp_basic_properties_t const* properties = nullptr;
};
// Of a header frame's payload. Throws Error(protocol_error).
ContentHead decode_content_head(std::string_view payload, Arena& arena);

// Walks through a table at the head of `bytes` and says how long it is: librabbitmq goes as deep as it is
// led. Throws Error(protocol_error): cut short, deeper than 8, more than 1000 entries.
std::size_t check_table(std::string_view bytes);

}  // namespace cohort::rabbitmq
