// SPDX-License-Identifier: MIT
// decode(encode(x)) == x for values that nobody thought of. [I15] [I16]
#include "sample.hpp"

#include <cohort/codec.hpp>

#include <catch2/catch.hpp>

#include <bit>
#include <cmath>
#include <map>
#include <random>
#include <set>

using namespace cohort;

namespace {

// Random values, made of a seed that a failing test prints.
class Source {
public:
    explicit Source(unsigned seed) : random_{seed} {}

    std::uint64_t bits() { return random_(); }
    std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }

    void make(bool& value) { value = below(2) == 1; }
    // Small, large and in between, with equal odds.
    void make(std::int64_t& value) { value = static_cast<std::int64_t>(bits()) >> below(64); }
    void make(std::uint64_t& value) { value = bits() >> below(64); }
    void make(int& value) { value = static_cast<int>(bits()) >> below(32); }
    void make(std::uint8_t& value) { value = static_cast<std::uint8_t>(bits()); }
    void make(double& value) {
        do {
            value = std::bit_cast<double>(bits());
        } while (!std::isfinite(value));
    }
    void make(float& value) {
        do {
            value = std::bit_cast<float>(static_cast<std::uint32_t>(bits()));
        } while (!std::isfinite(value));
    }
    void make(std::string& text) {
        static constexpr std::string_view pieces[] = {"a",      "Z",    "0",    " ", "\"", "\\", "/",
                                                      "\n",     "\x01", "\x7f", "é", "ß",  "漢", "😀",
                                                      "\u2028", "{",    "]",    ":", ","};
        text.clear();
        for (std::size_t n = below(30); n > 0; --n)
            text += pieces[below(std::size(pieces))];
        if (below(8) == 0) text += '\0';
    }
    void make(sample::Format& value) { value = below(2) == 0 ? sample::Format::png : sample::Format::jpeg; }
    void make(Instant& value) { value = Instant{Duration{static_cast<std::int64_t>(bits()) >> below(64)}}; }
    void make(Bytes& value) {
        std::string text(below(20), '\0');
        for (char& c : text)
            c = static_cast<char>(bits());
        value = Bytes{text};
    }
    void make(sample::Color& value) {
        make(value.r);
        make(value.g);
    }
    void make(sample::Cover& value) {
        make(value.title);
        make(value.colors);
        make(value.dpi);
        make(value.format);
    }
    void make(sample::Tree& value) {
        make(value.value);
        value.children.resize(below(3) == 0 ? below(4) : 0);
        for (sample::Tree& child : value.children)
            make(child);
    }
    template<class T>
    void make(std::optional<T>& value) {
        value.reset();
        if (below(3) != 0) make(value.emplace());
    }
    template<class T>
    void make(std::vector<T>& values) {
        values.resize(below(6));
        for (T& value : values)
            make(value);
    }
    template<class K, class V>
    void make(std::map<K, V>& map) {
        map.clear();
        for (std::size_t n = below(20); n > 0; --n) {
            K key;
            make(key);
            make(map[key]);
        }
    }
    template<class... T>
    void make(std::tuple<T...>& tuple) {
        std::apply([this](T&... part) { (make(part), ...); }, tuple);
    }
    template<class... T>
    void make(std::variant<T...>& variant) {
        std::variant<T...> const all[] = {make_one<T>()...};
        variant = all[below(sizeof...(T))];
    }

private:
    template<class T>
    T make_one() {
        T value{};
        make(value);
        return value;
    }

    std::mt19937_64 random_;
};

template<class T>
void check_round_trips(unsigned rounds) {
    for (unsigned seed = 0; seed < rounds; ++seed) {
        T value{};
        Source{seed}.make(value);
        std::string const text = encode(value);
        bool const same = decode<T>(text) == value && encode(decode<T>(text)) == text;
        CAPTURE(seed, text);
        if (!same) FAIL("does not read back as the same");
    }
    SUCCEED();
}

}  // namespace

TEST_CASE("any number reads back as itself", "[I15][I16]") {
    check_round_trips<std::tuple<std::int64_t, std::uint64_t, int, std::uint8_t, double, float>>(20'000);
}

TEST_CASE("any text, bytes and time read back as themselves", "[I15][I16]") {
    check_round_trips<std::tuple<std::string, Bytes, Instant>>(5'000);
}

TEST_CASE("any nested value reads back as itself", "[I15][I16]") {
    using Choice = std::variant<std::string, sample::Format, std::vector<int>>;
    using Nested =
        std::tuple<std::vector<sample::Cover>, std::map<std::string, std::optional<Choice>>,
                   std::map<std::int64_t, std::vector<std::tuple<double, std::string>>>, sample::Tree>;
    check_round_trips<Nested>(1'000);
}
