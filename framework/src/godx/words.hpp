// SPDX-License-Identifier: MIT
// How the service's own answers are told from those of tasks, and what its messages are called on the wire.
#pragma once

#include <cohort/godx.hpp>

#include <array>
#include <string>
#include <string_view>

namespace cohort::godx {

inline constexpr std::string_view initialization_name = "godx.initialization";
// An ending that comes as a question.
inline constexpr std::string_view reply_names = "succeeded, failed, cancelled, expired";

// The errors that no run of a body ends with by itself begin with these words.
struct Word {
    ErrorCode code;
    std::string_view text;
};
inline constexpr std::array<Word, 3> words{{{ErrorCode::bad_initialization, "bad initialization: "},
                                            {ErrorCode::incorrect_type, "incorrect type: "},
                                            {ErrorCode::unregistered_client, "unregistered client: "}}};
inline constexpr std::string_view orphan_words = "unregistered client: orphan: ";
inline constexpr std::string_view overdue_words = "overdue: ";

// How late a job may start whose client wants nothing that is overdue to be run.
inline constexpr Duration overdue_after = 1s;

inline std::string say(ErrorCode code, std::string const& text) {
    for (auto const& word : words) {
        if (word.code == code) return std::string{word.text} + text;
    }
    return text;
}

// "shop@host/17, cohort 0.1.0": the name of a client of Cohort; or the whole.
inline std::string client_of(std::string_view sender) {
    return std::string{sender.substr(0, sender.rfind('@'))};
}

}  // namespace cohort::godx
