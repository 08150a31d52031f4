// SPDX-License-Identifier: MIT
// The texts of jobs: what copies share, and what they do not.
#include <cohort/shared_text.hpp>

#include <catch2/catch.hpp>

#include <exception>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace cohort::shared_text_test {

TEST_CASE("copies of a long text share its characters, and those of a short one have their own") {
    Text const longer{std::string(40, 'x')};
    Text copy = longer;
    CHECK(copy.data() == longer.data());
    Text const taken = std::move(copy);
    CHECK(taken.data() == longer.data());
    copy = "another";
    CHECK(copy == "another");
    CHECK(taken == std::string(40, 'x'));

    Text const shorter{std::string(39, 'x')};
    Text const second = shorter;
    CHECK(second.data() != shorter.data());
    CHECK(second == shorter);
}

TEST_CASE("a text outlives the one that it was copied from, however often and wherever it is copied") {
    std::string const content(5000, 'y');
    auto source = std::make_unique<Text>(content);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([own = *source, &content] {
            for (int round = 0; round < 1000; ++round) {
                Text const copy = own;
                if (copy.size() != content.size()) std::terminate();
            }
        });
    }
    Text const last = *source;
    source.reset();
    for (auto& thread : threads)
        thread.join();
    CHECK(last == content);
}

TEST_CASE("a text is read like a std::string") {
    std::ostringstream stream;
    for (std::string const& content : {std::string{"short: yes"}, "long: yes" + std::string(50, '.')}) {
        Text const text{content};
        CHECK(std::string{text.begin(), text.end()} == content);
        CHECK(text.find("yes") == content.find("yes"));
        CHECK(text.find('y', 8) == content.find('y', 8));
        CHECK(text.starts_with(content.substr(0, 4)));
        CHECK(text.ends_with(content.substr(4)));
        CHECK_FALSE(text.ends_with("no"));
        stream << text;
    }
    CHECK(stream.str() == "short: yeslong: yes" + std::string(50, '.'));
}

}  // namespace cohort::shared_text_test
