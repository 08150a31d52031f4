// SPDX-License-Identifier: MIT
// Random expressions in zones whose clocks are changed, against a reference that walks through time minute by
// minute, and knows local times from the C library.
#include <cohort/schedule.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace schedule_property_test {

using namespace cohort;

struct Field {
    std::string text;
    std::set<int> values;
    bool is_free = false;
};

struct Expression {
    Field minute, hour, day, month, weekday;

    std::string text() const {
        return minute.text + " " + hour.text + " " + day.text + " " + month.text + " " + weekday.text;
    }
    bool matches(tm const& local) const {
        bool const by_day = day.values.contains(local.tm_mday);
        bool const by_weekday = weekday.values.contains(local.tm_wday);
        bool const is_day = day.is_free || weekday.is_free ? by_day && by_weekday : by_day || by_weekday;
        return minute.values.contains(local.tm_min) && hour.values.contains(local.tm_hour) &&
               month.values.contains(local.tm_mon + 1) && is_day;
    }
};

class Maker {
public:
    explicit Maker(std::uint64_t seed) : random_{seed} {}

    int below(int bound) { return static_cast<int>(random_() % static_cast<std::uint64_t>(bound)); }

    // `often`: in so many of ten it is a star.
    Field field(int low, int high, int often) {
        Field made;
        if (below(10) < often) {
            made.is_free = true;
            int const step = below(3) == 0 ? 1 + below(high - low) : 1;
            made.text = step == 1 ? "*" : "*/" + std::to_string(step);
            fill(made, low, high, step);
            return made;
        }
        int const items = 1 + below(3);
        for (int i = 0; i < items; ++i) {
            int const first = low + below(high - low + 1);
            int const last = below(2) == 0 ? first : first + below(high - first + 1);
            int const step = last > first && below(2) == 0 ? 1 + below(high - low) : 1;
            made.text += (i == 0 ? "" : ",") + std::to_string(first);
            if (last > first) made.text += "-" + std::to_string(last);
            if (last > first && step > 1) made.text += "/" + std::to_string(step);
            fill(made, first, last, step);
        }
        return made;
    }
    Expression expression() {
        return {field(0, 59, 5), field(0, 23, 4), field(1, 31, 6), field(1, 12, 8), field(0, 6, 6)};
    }

private:
    static void fill(Field& field, int first, int last, int step) {
        for (int value = first; value <= last; value += step)
            field.values.insert(value);
    }

    std::mt19937_64 random_;
};

class Zone {
public:
    explicit Zone(char const* name) {
        ::setenv("TZ", name, 1);
        ::tzset();
    }
    ~Zone() {
        ::unsetenv("TZ");
        ::tzset();
    }
    Zone(Zone const&) = delete;
    Zone& operator=(Zone const&) = delete;

    static tm local(std::time_t time) {
        tm parts{};
        ::localtime_r(&time, &parts);
        return parts;
    }
    // A few hours before a change of this year, or some day of it.
    static std::time_t begin(Maker& maker, int year) {
        std::time_t const january = (year - 1970) * 31'556'952LL / 60 * 60;
        std::vector<std::time_t> changes;
        for (int day = 0; day < 365; ++day) {
            auto const time = january + day * 86'400LL;
            if (local(time).tm_gmtoff != local(time + 86'400).tm_gmtoff) changes.push_back(time);
        }
        if (changes.empty() || maker.below(4) == 0) return january + maker.below(365) * 86'400LL;
        return changes[static_cast<std::size_t>(maker.below(static_cast<int>(changes.size())))] - 6 * 3600;
    }
};

// By the documented rule, one minute after the other.
std::vector<Instant> reference(Expression const& expression, std::time_t begin, std::time_t end) {
    std::vector<Instant> ticks;
    // What the clock of the wall shows, as a number.
    auto const shown = [](std::time_t time) { return time + Zone::local(time).tm_gmtoff; };
    std::time_t const warm_up = 2 * 86'400;
    std::time_t latest = shown(begin - warm_up - 60);
    for (std::time_t time = begin - warm_up; time < end; time += 60) {
        bool is_tick = expression.matches(Zone::local(time));
        if (!expression.hour.is_free) {
            if (shown(time) <= latest) is_tick = false;  // it comes again
            for (std::time_t left_out = latest + 60; left_out < shown(time); left_out += 60) {
                tm parts{};
                ::gmtime_r(&left_out, &parts);
                is_tick = is_tick || expression.matches(parts);
            }
            latest = std::max(latest, shown(time));
        }
        if (is_tick && time >= begin) ticks.emplace_back(std::chrono::seconds{time});
    }
    return ticks;
}

TEST_CASE("random expressions are due when a slow reference says so", "[F81][I28]") {
    char const* const given = std::getenv("COHORT_SEED");
    std::uint64_t const seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    Maker maker{seed};
    std::size_t compared = 0;
    char const* const zones[] = {
        "UTC",          "Europe/Madrid",     "America/New_York",  "Australia/Lord_Howe",
        "Pacific/Apia", "America/Sao_Paulo", "Africa/Casablanca", "Asia/Kathmandu"};
    for (int round = 0; round < 120; ++round) {
        auto const* name = zones[maker.below(8)];
        Zone const zone{name};
        auto const begin = Zone::begin(maker, 1990 + maker.below(46));
        auto const end = begin + 4 * 86'400;
        auto const expression = maker.expression();
        CAPTURE(seed, round, name, expression.text(), begin);
        std::optional<Schedule> schedule;
        try {
            schedule = cron(expression.text(), name);
        } catch (std::exception const& error) {
            // The 31st of a month that has none: nobody need walk fifty years to see it.
            CHECK(std::string{error.what()}.starts_with("cron_never_fires"));
            CHECK(reference(expression, begin, end).empty());
            continue;
        }
        auto const wanted = reference(expression, begin, end);
        std::vector<Instant> forward;
        Instant const first{std::chrono::seconds{begin}};
        Instant const last{std::chrono::seconds{end}};
        for (Instant tick = schedule->next(first - 1us); tick < last; tick = schedule->next(tick))
            forward.push_back(tick);
        CHECK(forward == wanted);
        std::vector<Instant> backward;
        for (auto tick = schedule->last(last - 1us, first - 1us); tick;
             tick = schedule->last(*tick - 1us, first - 1us))
            backward.insert(backward.begin(), *tick);
        CHECK(backward == wanted);
        compared += wanted.size();
    }
    CHECK(compared > 100);
}

}  // namespace schedule_property_test
