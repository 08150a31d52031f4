// SPDX-License-Identifier: MIT
#include "support/rabbitmq_server.hpp"

#include <array>
#include <cstdio>
#include <fstream>
#include <stdexcept>

namespace support {

namespace {

std::string line_of(char const* path) {
    std::ifstream file{path};
    std::string line;
    std::getline(file, line);
    return line;
}

}  // namespace

std::string rabbitmq_url() {
    return line_of(COHORT_RABBITMQ_FOLDER "/url");
}

RabbitTls rabbitmq_tls() {
    return {line_of(COHORT_RABBITMQ_FOLDER "/tls_url"), COHORT_RABBITMQ_FOLDER "/tls/ca.crt"};
}

std::string rabbitmqctl(std::string const& words) {
    std::string const line = "python3 " COHORT_SOURCE_DIR
                             "/tests/support/rabbitmq_server.py ctl " COHORT_RABBITMQ_FOLDER " " +
                             words + " 2>&1";
    FILE* const pipe = ::popen(line.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error{"rabbitmqctl cannot be started"};
    std::string answer;
    std::array<char, 4096> part{};
    while (std::size_t const size = std::fread(part.data(), 1, part.size(), pipe))
        answer.append(part.data(), size);
    ::pclose(pipe);
    return answer;
}

}  // namespace support
