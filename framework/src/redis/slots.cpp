// SPDX-License-Identifier: MIT
#include "redis/slots.hpp"

#include <algorithm>
#include <charconv>

namespace cohort::redis {
namespace {

using Steady = std::chrono::steady_clock;

constexpr auto shortest_between_looks = std::chrono::milliseconds{100};

// CRC-16/XMODEM, as the specification of the cluster says.
std::uint16_t crc16(std::string_view bytes) noexcept {
    std::uint32_t crc = 0;
    for (char const c : bytes) {
        crc ^= static_cast<std::uint32_t>(static_cast<unsigned char>(c)) << 8;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
    }
    return static_cast<std::uint16_t>(crc);
}

template<class Number>
bool read_number(std::string_view text, Number& number) noexcept {
    auto const [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    return fault == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::uint16_t slot_of(std::string_view key) noexcept {
    auto const open = key.find('{');
    auto const end = open == key.npos ? key.npos : key.find('}', open + 1);
    if (end != key.npos && end != open + 1) key = key.substr(open + 1, end - open - 1);
    return crc16(key) % slot_count;
}

std::optional<Redirection> read_redirection(std::string_view text, std::string_view word, Node const& from) {
    if (!text.starts_with(word) || text.size() <= word.size() || text[word.size()] != ' ')
        return std::nullopt;
    text.remove_prefix(word.size() + 1);
    auto const space = text.find(' ');
    auto const colon = text.rfind(':');
    Redirection to;
    bool const is_good = space != text.npos && colon != text.npos && colon > space &&
                         read_number(text.substr(0, space), to.slot) && to.slot < slot_count &&
                         read_number(text.substr(colon + 1), to.node.port);
    if (!is_good) return std::nullopt;
    to.node.host = text.substr(space + 1, colon - space - 1);
    if (to.node.host.empty()) to.node.host = from.host;
    return to;
}

Slots::Slots(std::vector<Host> const& seeds)
    : seeds_{[&] {
          std::vector<Node> all;
          for (auto const& seed : seeds)
              all.push_back({seed.name, seed.port});
          return all;
      }()},
      owners_(slot_count, 0) {}

std::optional<Node> Slots::owner(std::uint16_t slot) const {
    std::lock_guard const lock{mutex_};
    auto const number = owners_[slot];
    if (number == 0) return std::nullopt;
    return nodes_[number - 1U];
}

std::vector<Node> Slots::nodes() const {
    std::lock_guard const lock{mutex_};
    std::vector<Node> all = seeds_;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        bool const is_owner = std::ranges::find(owners_, i + 1) != owners_.end();
        if (is_owner && std::ranges::find(all, nodes_[i]) == all.end()) all.push_back(nodes_[i]);
    }
    return all;
}

std::uint16_t Slots::number_of(Node const& node) {
    auto const found = std::ranges::find(nodes_, node);
    if (found != nodes_.end()) return static_cast<std::uint16_t>(found - nodes_.begin() + 1);
    nodes_.push_back(node);
    return static_cast<std::uint16_t>(nodes_.size());
}

void Slots::move(Redirection const& to) {
    std::lock_guard const lock{mutex_};
    owners_[to.slot] = number_of(to.node);
    is_doubted_ = true;
    last_change_ = Steady::now();
}

void Slots::doubt() noexcept {
    std::lock_guard const lock{mutex_};
    is_doubted_ = true;
}

bool Slots::begin_look() {
    std::lock_guard const lock{mutex_};
    if (!is_doubted_ || is_looking_) return false;
    auto const now = Steady::now();
    if (is_known_ && now < last_look_ + shortest_between_looks) return false;
    is_looking_ = true;
    last_look_ = now;
    return true;
}

void Slots::end_look() noexcept {
    std::lock_guard const lock{mutex_};
    is_looking_ = false;
}

bool Slots::is_known() const {
    std::lock_guard const lock{mutex_};
    return is_known_;
}

Slots::Time Slots::last_change() const {
    std::lock_guard const lock{mutex_};
    return last_change_;
}

bool Slots::take(View answer, Node const& from) {
    std::lock_guard const lock{mutex_};
    std::vector<std::uint16_t> owners(slot_count, 0);
    for (std::size_t i = 0; i < answer.size(); ++i) {
        View const range = answer[i];
        auto const first = range[0].integer();
        auto const last = range[1].integer();
        Node node{std::string{range[2][0].text()}, 0};
        auto const port = range[2][1].integer();
        if (first < 0 || last < first || last >= static_cast<std::int64_t>(slot_count) || port < 1 ||
            port > 65535)
            return false;
        if (node.host.empty() || node.host == "?") node.host = from.host;
        node.port = static_cast<std::uint16_t>(port);
        std::fill(owners.begin() + first, owners.begin() + last + 1, number_of(node));
    }
    if (answer.size() == 0) return false;
    if (is_known_ && owners != owners_) last_change_ = Steady::now();
    owners_ = std::move(owners);
    is_known_ = true;
    is_doubted_ = false;
    return true;
}

}  // namespace cohort::redis
