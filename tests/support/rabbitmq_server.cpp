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

namespace {

std::string script(std::string const& verb, std::string const& folder, std::string const& words) {
    std::string const line = "python3 " COHORT_SOURCE_DIR "/tests/support/rabbitmq_server.py " + verb + " " +
                             folder + " " + words + " 2>&1";
    FILE* const pipe = ::popen(line.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error{"the script of the rabbitmq-server cannot be started"};
    std::string answer;
    std::array<char, 4096> part{};
    while (std::size_t const size = std::fread(part.data(), 1, part.size(), pipe))
        answer.append(part.data(), size);
    ::pclose(pipe);
    return answer;
}

}  // namespace

std::string rabbitmqctl(std::string const& words) {
    return script("ctl", COHORT_RABBITMQ_FOLDER, words);
}

RabbitServer::RabbitServer() {
    std::string const said = ask("start");
    if (url().empty()) throw std::runtime_error{"no rabbitmq-server: " + said};
}

RabbitServer::RabbitServer(RabbitServer const* first) {
    std::string const said = ask("join", first->folder_);
    if (url().empty()) throw std::runtime_error{"it does not join: " + said};
}

RabbitServer::~RabbitServer() {
    try {
        ask("stop");
    } catch (std::exception const&) {
        // It ends by itself some hours later.
    }
}

std::string RabbitServer::url() const {
    return line_of((folder_ + "/url").c_str());
}

std::uint16_t RabbitServer::port() const {
    std::string const text = url();
    return static_cast<std::uint16_t>(std::stoi(text.substr(text.rfind(':') + 1)));
}

void RabbitServer::kill() {
    ask("kill");
}

void RabbitServer::revive() {
    std::string const said = ask("revive");
    if (said.find("answers after") == std::string::npos) throw std::runtime_error{said};
}

void RabbitServer::freeze() {
    ask("freeze");
}

void RabbitServer::thaw() {
    ask("thaw");
}

void RabbitServer::empty() {
    ask("empty");
}

std::string RabbitServer::ctl(std::string const& words) const {
    return ask("ctl", words);
}

std::string RabbitServer::ask(std::string const& verb, std::string const& words) const {
    return script(verb, folder_, words);
}

}  // namespace support
