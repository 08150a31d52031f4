// SPDX-License-Identifier: MIT
#include "rabbitmq/codec.hpp"

#include "rabbitmq/frame.hpp"

#include <cohort/error.hpp>

#include <algorithm>
#include <array>

namespace cohort::rabbitmq {
namespace {

constexpr int deepest = 8;
constexpr int most_entries = 1000;
constexpr std::size_t most_encoded = 1024 * 1024;

[[noreturn]] void refuse(std::string what) {
    throw Error{errc::protocol_error, std::move(what)};
}

// What a server may send.
constexpr std::array methods{
    AMQP_CONNECTION_START_METHOD,    AMQP_CONNECTION_SECURE_METHOD,    AMQP_CONNECTION_TUNE_METHOD,
    AMQP_CONNECTION_OPEN_OK_METHOD,  AMQP_CONNECTION_CLOSE_METHOD,     AMQP_CONNECTION_CLOSE_OK_METHOD,
    AMQP_CONNECTION_BLOCKED_METHOD,  AMQP_CONNECTION_UNBLOCKED_METHOD, AMQP_CHANNEL_OPEN_OK_METHOD,
    AMQP_CHANNEL_FLOW_METHOD,        AMQP_CHANNEL_CLOSE_METHOD,        AMQP_CHANNEL_CLOSE_OK_METHOD,
    AMQP_EXCHANGE_DECLARE_OK_METHOD, AMQP_EXCHANGE_BIND_OK_METHOD,     AMQP_QUEUE_DECLARE_OK_METHOD,
    AMQP_QUEUE_BIND_OK_METHOD,       AMQP_QUEUE_PURGE_OK_METHOD,       AMQP_QUEUE_DELETE_OK_METHOD,
    AMQP_BASIC_QOS_OK_METHOD,        AMQP_BASIC_CONSUME_OK_METHOD,     AMQP_BASIC_CANCEL_METHOD,
    AMQP_BASIC_CANCEL_OK_METHOD,     AMQP_BASIC_RETURN_METHOD,         AMQP_BASIC_DELIVER_METHOD,
    AMQP_BASIC_GET_OK_METHOD,        AMQP_BASIC_GET_EMPTY_METHOD,      AMQP_BASIC_ACK_METHOD,
    AMQP_BASIC_NACK_METHOD,          AMQP_CONFIRM_SELECT_OK_METHOD,    basic_credit_ok_method};

class Walker {
public:
    explicit Walker(std::string_view bytes) : bytes_{bytes} {}

    std::size_t table() {
        entries(0, Names::yes);
        return at_;
    }

private:
    enum class Names : bool { no, yes };

    std::string_view take(std::size_t size) {
        if (size > bytes_.size() - at_) refuse("a table is cut short");
        at_ += size;
        return bytes_.substr(at_ - size, size);
    }
    void entries(int depth, Names names) {
        if (depth >= deepest) refuse("a table is nested deeper than " + std::to_string(deepest));
        std::size_t const size = read_u32(take(4));
        std::size_t const end = at_ + size;
        if (size > bytes_.size() - at_) refuse("a table is cut short");
        while (at_ < end) {
            if (++count_ > most_entries)
                refuse("a table with more than " + std::to_string(most_entries) + " entries");
            if (names == Names::yes) take(static_cast<unsigned char>(take(1)[0]));
            value(depth);
        }
        if (at_ != end) refuse("an entry of a table goes beyond it");
    }
    void value(int depth) {
        switch (take(1)[0]) {
        case 't':
        case 'b':
        case 'B':
            take(1);
            break;
        case 'u':
        case 's':
            take(2);
            break;
        case 'I':
        case 'i':
        case 'f':
            take(4);
            break;
        case 'D':
            take(5);
            break;
        case 'L':
        case 'l':
        case 'd':
        case 'T':
            take(8);
            break;
        case 'S':
        case 'x':
            take(read_u32(take(4)));
            break;
        case 'V':
            break;
        case 'F':
            entries(depth + 1, Names::yes);
            break;
        case 'A':
            entries(depth + 1, Names::no);
            break;
        default:
            refuse("a table with a value of an unknown type");
        }
    }

    std::string_view bytes_;
    std::size_t at_ = 0;
    int count_ = 0;
};

amqp_table_entry_t const* find(amqp_table_t const& table, std::string_view name) noexcept {
    for (int i = 0; i < table.num_entries; ++i) {
        if (view(table.entries[i].key) == name) return &table.entries[i];
    }
    return nullptr;
}

// Appends what is encoded; its size is not known before.
template<class Encode>
void append_encoded(std::string& out, std::size_t guess, Encode encode_into) {
    std::size_t const begin = out.size();
    for (std::size_t room = guess;; room *= 4) {
        out.resize(begin + room);
        int const size = encode_into(amqp_bytes_t{room, out.data() + begin});
        if (size >= 0) {
            out.resize(begin + static_cast<std::size_t>(size));
            return;
        }
        if (room > most_encoded)
            throw Error{errc::payload_too_large, "a name or a table is too long for AMQP"};
    }
}

void append_credit(std::string& out, BasicCredit const& fields) {
    out += static_cast<char>(static_cast<unsigned char>(fields.consumer_tag.len));
    out += view(fields.consumer_tag);
    append_u32(out, fields.credit);
    out += '\0';  // what it may be given need not be used up at once
}

}  // namespace

Table& Table::add(std::string_view name, Value value) {
    amqp_table_entry_t entry{};
    entry.key = bytes_of(name);
    if (auto const* is = std::get_if<bool>(&value)) {
        entry.value.kind = AMQP_FIELD_KIND_BOOLEAN;
        entry.value.value.boolean = *is ? 1 : 0;
    } else if (auto const* number = std::get_if<std::int64_t>(&value)) {
        entry.value.kind = AMQP_FIELD_KIND_I64;
        entry.value.value.i64 = *number;
    } else if (auto const* fraction = std::get_if<double>(&value)) {
        entry.value.kind = AMQP_FIELD_KIND_F64;
        entry.value.value.f64 = *fraction;
    } else {
        entry.value.kind = AMQP_FIELD_KIND_UTF8;
        entry.value.value.bytes = bytes_of(std::get<std::string_view>(value));
    }
    entries_.push_back(entry);
    return *this;
}

Table& Table::add(std::string_view name, Table const& table) {
    amqp_table_entry_t entry{};
    entry.key = bytes_of(name);
    entry.value.kind = AMQP_FIELD_KIND_TABLE;
    auto& own = inner_.emplace_back(table.entries_);
    entry.value.value.table = {static_cast<int>(own.size()), own.data()};
    entries_.push_back(entry);
    return *this;
}

std::int64_t integer(amqp_table_t const& table, std::string_view name, std::int64_t otherwise) noexcept {
    auto const* const entry = find(table, name);
    if (entry == nullptr) return otherwise;
    auto const& value = entry->value.value;
    switch (entry->value.kind) {
    case AMQP_FIELD_KIND_I8:
        return value.i8;
    case AMQP_FIELD_KIND_U8:
        return value.u8;
    case AMQP_FIELD_KIND_I16:
        return value.i16;
    case AMQP_FIELD_KIND_U16:
        return value.u16;
    case AMQP_FIELD_KIND_I32:
        return value.i32;
    case AMQP_FIELD_KIND_U32:
        return value.u32;
    case AMQP_FIELD_KIND_I64:
        return value.i64;
    case AMQP_FIELD_KIND_U64:
        return static_cast<std::int64_t>(value.u64);
    default:
        return otherwise;
    }
}

double real(amqp_table_t const& table, std::string_view name, double otherwise) noexcept {
    auto const* const entry = find(table, name);
    if (entry == nullptr) return otherwise;
    if (entry->value.kind == AMQP_FIELD_KIND_F64) return entry->value.value.f64;
    if (entry->value.kind == AMQP_FIELD_KIND_F32) return static_cast<double>(entry->value.value.f32);
    return static_cast<double>(integer(table, name, static_cast<std::int64_t>(otherwise)));
}

bool flag(amqp_table_t const& table, std::string_view name) noexcept {
    auto const* const entry = find(table, name);
    return entry != nullptr && entry->value.kind == AMQP_FIELD_KIND_BOOLEAN &&
           entry->value.value.boolean != 0;
}

std::string_view text(amqp_table_t const& table, std::string_view name) noexcept {
    auto const* const entry = find(table, name);
    bool const is_text = entry != nullptr && (entry->value.kind == AMQP_FIELD_KIND_UTF8 ||
                                              entry->value.kind == AMQP_FIELD_KIND_BYTES);
    return is_text ? view(entry->value.value.bytes) : std::string_view{};
}

void append_method(std::string& out, std::uint16_t channel, amqp_method_number_t id, void const* fields) {
    std::size_t const begun = begin_frame(out, frame_method, channel);
    append_u32(out, id);
    if (id == basic_credit_method) {
        append_credit(out, *static_cast<BasicCredit const*>(fields));
    } else {
        append_encoded(out, 128, [&](amqp_bytes_t into) {
            return amqp_encode_method(id, const_cast<void*>(fields), into);
        });
    }
    end_frame(out, begun);
}

void append_content(std::string& out, std::uint16_t channel, amqp_method_number_t id, void const* fields,
                    amqp_basic_properties_t const& properties, std::string_view body,
                    std::uint32_t frame_max) {
    append_method(out, channel, id, fields);
    std::size_t const begun = begin_frame(out, frame_header, channel);
    append_u16(out, AMQP_BASIC_CLASS);
    append_u16(out, 0);
    append_u64(out, body.size());
    append_encoded(out, 512, [&](amqp_bytes_t into) {
        return amqp_encode_properties(AMQP_BASIC_CLASS, const_cast<amqp_basic_properties_t*>(&properties),
                                      into);
    });
    if (out.size() - begun > frame_max - frame_overhead)
        throw Error{errc::payload_too_large, "the headers of a message do not fit into a frame"};
    end_frame(out, begun);
    for (std::size_t at = 0; at < body.size(); at += frame_max - frame_overhead)
        append_frame(out, frame_body, channel, body.substr(at, frame_max - frame_overhead));
}

Method decode_method(std::string_view payload, Arena& arena) {
    if (payload.size() < 4) refuse("a method is cut short");
    amqp_method_number_t const id = read_u32(payload);
    if (std::find(methods.begin(), methods.end(), id) == methods.end())
        refuse("a method that no server sends: " + std::to_string(id >> 16) + "." +
               std::to_string(id & 0xFFFF));
    payload.remove_prefix(4);
    // The only one with a table: behind two bytes of versions.
    if (id == AMQP_CONNECTION_START_METHOD) {
        if (payload.size() < 2) refuse("a method is cut short");
        check_table(payload.substr(2));
    }
    if (id == basic_credit_ok_method) {
        if (payload.size() < 4) refuse("a method is cut short");
        return {id, nullptr};
    }
    void* fields = nullptr;
    if (amqp_decode_method(id, arena.get(), bytes_of(payload), &fields) != AMQP_STATUS_OK)
        refuse("a method is cut short");
    return {id, fields};
}

ContentHead decode_content_head(std::string_view payload, Arena& arena) {
    constexpr std::size_t head_size = 12;
    if (payload.size() < head_size + 2) refuse("the head of a message is cut short");
    if (read_u16(payload) != AMQP_BASIC_CLASS) refuse("the head of a message of an unknown class");
    ContentHead head;
    head.size = read_u64(payload.substr(4));
    payload.remove_prefix(head_size);

    // To the table of headers: behind the flags, content type and encoding.
    constexpr unsigned more = 1;
    unsigned const flags = read_u16(payload);
    if ((flags & more) != 0) refuse("the head of a message with unknown properties");
    if ((flags & AMQP_BASIC_HEADERS_FLAG) != 0) {
        std::string_view rest = payload.substr(2);
        for (auto const before : {AMQP_BASIC_CONTENT_TYPE_FLAG, AMQP_BASIC_CONTENT_ENCODING_FLAG}) {
            if ((flags & static_cast<unsigned>(before)) == 0) continue;
            std::size_t const size = rest.empty() ? 0 : static_cast<unsigned char>(rest[0]) + 1U;
            if (rest.empty() || size > rest.size()) refuse("the head of a message is cut short");
            rest.remove_prefix(size);
        }
        check_table(rest);
    }
    void* properties = nullptr;
    int const status = amqp_decode_properties(AMQP_BASIC_CLASS, arena.get(), bytes_of(payload), &properties);
    if (status != AMQP_STATUS_OK) refuse("the head of a message is cut short");
    head.properties = static_cast<amqp_basic_properties_t const*>(properties);
    return head;
}

std::size_t check_table(std::string_view bytes) {
    return Walker{bytes}.table();
}

}  // namespace cohort::rabbitmq
