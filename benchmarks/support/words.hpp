// SPDX-License-Identifier: MIT
// Values as words "name=value": how the programs of one measurement talk to each other.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bench {

using Words = std::map<std::string, std::string>;

Words parse_words(std::vector<std::string> const& words);
std::vector<std::string> split(std::string const& text, char at);
// Exact: the value that is read back is the value that was written.
std::string text_of(double value);

// Throw std::runtime_error where the word is missing or no number.
std::string const& word(Words const& words, std::string const& name);
double number(Words const& words, std::string const& name);
std::optional<double> number_if_any(Words const& words, std::string const& name);

}  // namespace bench
