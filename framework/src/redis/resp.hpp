// SPDX-License-Identifier: MIT
// The protocol's bytes: commands out, replies in (RESP2, parsed by hiredis behind a guard of ours).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;
struct redisReply;

namespace cohort::redis {

// *n, then each word with its length.
void append_command(std::string& out, std::vector<std::string_view> const& words);

// A reply, or a part of one: lives as long as the Reply it came from.
class View {
public:
    explicit View(redisReply const* reply) : reply_{reply} {}

    bool is_nil() const noexcept;
    bool is_error() const noexcept;
    bool is_array() const noexcept;
    bool is_number() const noexcept;
    // Of a string, a status or an error; else "".
    std::string_view text() const noexcept;
    // Of an integer, or of a string that is one; else 0.
    std::int64_t integer() const noexcept;
    // Of an array; else 0.
    std::size_t size() const noexcept;
    // Nil beyond the end, so that a reply that is not as expected is no danger.
    View operator[](std::size_t index) const noexcept;

private:
    redisReply const* reply_;
};

class Reply {
public:
    explicit Reply(redisReply* reply) : reply_{reply} {}
    Reply(Reply&&) noexcept = default;
    Reply& operator=(Reply&&) noexcept = default;

    View view() const noexcept { return View{reply_.get()}; }

private:
    struct Free {
        void operator()(redisReply* reply) const noexcept;
    };
    std::unique_ptr<redisReply, Free> reply_;
};

// Looks at the bytes before the parser sees them: what they announce must be within bounds, since a parser
// allocates what it is told. No I/O; throws Error(protocol_error).
class Guard {
public:
    void check(std::string_view bytes);

    static constexpr std::size_t longest_line = 64 * 1024;
    // Far more than we ever ask for: a record is some MiB, and so is a message about a thousand ends.
    static constexpr std::int64_t longest_text = 64 * 1024 * 1024;
    static constexpr std::int64_t most_elements = 1'000'000;
    static constexpr std::size_t deepest = 7;

private:
    void take_line();
    void end_element();

    std::string line_;
    std::uint64_t skip_ = 0;          // bytes of a text, with its line end, that are still to come
    std::vector<std::int64_t> open_;  // how many elements the arrays around us still lack
};

// Bytes in, replies out. Throws Error(protocol_error); after that it is of no use any more.
class Parser {
public:
    Parser();

    void feed(std::string_view bytes);
    // False when the next reply is not whole yet.
    bool next(std::vector<Reply>& out);

private:
    struct Free {
        void operator()(redisReader* reader) const noexcept;
    };
    Guard guard_;
    std::unique_ptr<redisReader, Free> reader_;
};

}  // namespace cohort::redis
