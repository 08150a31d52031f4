// SPDX-License-Identifier: MIT
#include "support/registry.hpp"

#include <algorithm>
#include <stdexcept>

namespace bench {

namespace {

std::vector<Question>& all_questions() {
    static std::vector<Question> all;
    return all;
}

std::vector<BrokerKind>& all_brokers() {
    static std::vector<BrokerKind> all;
    return all;
}

template<class T>
T const& find(std::vector<T> const& all, std::string const& kind, std::string const& name) {
    std::string names;
    for (auto const& one : all) {
        if (one.name == name) return one;
        names += (names.empty() ? "" : ", ") + one.name;
    }
    throw std::runtime_error{"there is no " + kind + " \"" + name + "\"; there are: " + names};
}

}  // namespace

void Question::add() const {
    all_questions().push_back(*this);
}

void BrokerKind::add() const {
    all_brokers().push_back(*this);
}

std::vector<Question> questions() {
    auto sorted = all_questions();
    std::ranges::sort(sorted, {}, &Question::place);
    return sorted;
}

std::vector<BrokerKind> const& brokers() {
    return all_brokers();
}

Question question(std::string const& name) {
    return find(all_questions(), "question", name);
}

BrokerKind const& broker(std::string const& name) {
    return find(all_brokers(), "broker", name);
}

}  // namespace bench
