// SPDX-License-Identifier: MIT
#include "redis/resp.hpp"

#include <cohort/error.hpp>
#include <cohort/log.hpp>

#include <charconv>
#include <hiredis/hiredis.h>

namespace cohort::redis {
namespace {

std::int64_t parse_number(std::string_view text) {
    std::int64_t number = 0;
    auto const [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc{} || end != text.data() + text.size()) {
        throw Error{errc::protocol_error,
                    "the server announced \"" + one_line(text, 60) + "\" where a number belongs"};
    }
    return number;
}

[[noreturn]] void refuse(std::string const& what, std::int64_t value, std::int64_t limit) {
    throw Error{errc::protocol_error, "the server announced " + what + " " + std::to_string(value) +
                                          "; the limit is " + std::to_string(limit)};
}

}  // namespace

void append_command(std::string& out, std::vector<std::string_view> const& words) {
    std::size_t size = 16;
    for (auto const word : words)
        size += word.size() + 16;
    out.reserve(out.size() + size);
    auto const line = [&](char mark, std::size_t number) {
        char digits[24];
        auto const [end, fault] = std::to_chars(digits, digits + sizeof digits, number);
        static_cast<void>(fault);
        out += mark;
        out.append(digits, end);
        out += "\r\n";
    };
    line('*', words.size());
    for (auto const word : words) {
        line('$', word.size());
        out += word;
        out += "\r\n";
    }
}

bool View::is_nil() const noexcept {
    return reply_ == nullptr || reply_->type == REDIS_REPLY_NIL;
}
bool View::is_error() const noexcept {
    return reply_ != nullptr && reply_->type == REDIS_REPLY_ERROR;
}
bool View::is_array() const noexcept {
    return reply_ != nullptr && reply_->type == REDIS_REPLY_ARRAY;
}
bool View::is_number() const noexcept {
    return reply_ != nullptr && reply_->type == REDIS_REPLY_INTEGER;
}

std::string_view View::text() const noexcept {
    if (reply_ == nullptr || reply_->str == nullptr) return {};
    return {reply_->str, static_cast<std::size_t>(reply_->len)};
}

std::int64_t View::integer() const noexcept {
    if (reply_ == nullptr) return 0;
    if (reply_->type == REDIS_REPLY_INTEGER) return reply_->integer;
    std::int64_t number = 0;
    auto const digits = text();
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

std::size_t View::size() const noexcept {
    return is_array() ? reply_->elements : 0;
}

View View::operator[](std::size_t index) const noexcept {
    return View{index < size() ? reply_->element[index] : nullptr};
}

void Reply::Free::operator()(redisReply* reply) const noexcept {
    freeReplyObject(reply);
}

void Guard::check(std::string_view bytes) {
    while (!bytes.empty()) {
        if (skip_ > 0) {
            auto const part = std::min<std::uint64_t>(skip_, bytes.size());
            bytes.remove_prefix(part);
            skip_ -= part;
            if (skip_ == 0) end_element();
            continue;
        }
        auto const end = bytes.find('\n');
        line_ += bytes.substr(0, end);
        if (line_.size() > longest_line) {
            throw Error{errc::protocol_error,
                        "the server sent a line of more than " + std::to_string(longest_line) + " bytes"};
        }
        if (end == std::string_view::npos) return;
        bytes.remove_prefix(end + 1);
        take_line();
        line_.clear();
    }
}

void Guard::take_line() {
    if (line_.size() < 2 || line_.back() != '\r') {
        throw Error{errc::protocol_error, "the server sent a line that does not end as it must"};
    }
    std::string_view const rest = std::string_view{line_}.substr(1, line_.size() - 2);
    switch (line_.front()) {
    case '+':
    case '-':
    case ':':
        return end_element();
    case '$': {
        auto const length = parse_number(rest);
        if (length < -1 || length > longest_text) refuse("a text of length", length, longest_text);
        if (length < 0) return end_element();
        skip_ = static_cast<std::uint64_t>(length) + 2;
        return;
    }
    case '*': {
        auto const count = parse_number(rest);
        if (count < -1 || count > most_elements) refuse("a list of length", count, most_elements);
        if (count <= 0) return end_element();
        open_.push_back(count);
        if (open_.size() > deepest)
            refuse("lists of a depth of", static_cast<std::int64_t>(open_.size()), deepest);
        return;
    }
    default:
        throw Error{errc::protocol_error,
                    "the server sent \"" + one_line(line_, 60) + "\", which is not the protocol of Redis"};
    }
}

void Guard::end_element() {
    while (!open_.empty() && --open_.back() == 0)
        open_.pop_back();
}

void Parser::Free::operator()(redisReader* reader) const noexcept {
    redisReaderFree(reader);
}

Parser::Parser() : reader_{redisReaderCreate()} {
    if (!reader_) throw std::bad_alloc{};
}

void Parser::feed(std::string_view bytes) {
    guard_.check(bytes);
    if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) {
        throw Error{errc::protocol_error, one_line(reader_->errstr)};
    }
}

bool Parser::next(std::vector<Reply>& out) {
    void* reply = nullptr;
    if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) {
        throw Error{errc::protocol_error, one_line(reader_->errstr)};
    }
    if (reply == nullptr) return false;
    out.emplace_back(static_cast<redisReply*>(reply));
    return true;
}

}  // namespace cohort::redis
