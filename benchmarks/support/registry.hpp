// SPDX-License-Identifier: MIT
// The questions and the brokers that there are. A question or a broker is a file that makes one of these
// objects at namespace scope; nothing else names it.
#pragma once

#include "support/case.hpp"
#include "support/server.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace cohort {
class Client;
}

namespace bench {

using Measure = Sample (*)(Case const& what);

struct Question {
    std::string name;
    std::string says;  // one sentence: what is measured
    int place = 0;     // among the questions, in tables
    bool has_bodies = true;
    std::uint32_t concurrency = 1;
    std::uint32_t batch = 1;
    Measure measure = nullptr;  // Cohort's figures

    void add() const;
};

// The limit that a broker is held against.
struct Raw {
    Measure measure = nullptr;
    std::uint32_t batch = 1;  // rows in one transaction
};

struct BrokerKind {
    std::string name;
    std::vector<std::string> durabilities;  // {""} where it knows no such thing
    // Results are not kept but sent: the client of a drain listens meanwhile, as that of the raw limit does.
    bool hands_results_over = false;
    bool in_one_process = false;  // client and worker share a process and, where the body allows it, a thread
    std::function<std::string(Case const&)> url;
    std::map<std::string, Raw> raw;                                   // by question
    std::function<std::unique_ptr<Server>(Case const&)> server = {};  // empty where there is none
    // How many jobs wait; empty where an Inspector says it.
    std::function<std::uint64_t(Case const&)> waiting = {};

    void add() const;
};

// At namespace scope: Add const added{Question{…}};
struct Add {
    template<class T>
    explicit Add(T const& what) {
        what.add();
    }
};

std::vector<Question> questions();  // by place
std::vector<BrokerKind> const& brokers();
// Throw std::runtime_error that lists those that there are.
Question question(std::string const& name);
BrokerKind const& broker(std::string const& name);

}  // namespace bench
