// SPDX-License-Identifier: MIT
// Job functions of every kind, with the types that they speak of.
#pragma once

#include <cohort/context.hpp>
#include <cohort/job.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <map>
#include <string>
#include <vector>

namespace sample {

BOOST_DEFINE_ENUM_CLASS(Format, png, jpeg)
enum class Level : std::uint8_t { low = 1, high = 200 };

struct Color {
    std::uint8_t r = 0;
    std::uint8_t g = 0;
    bool operator==(Color const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Color, (), (r, g))

struct Page {
    std::string title;
    std::vector<Color> colors;
    std::optional<int> dpi;
    bool operator==(Page const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Page, (), (title, colors, dpi))

struct Cover : Page {
    Format format = Format::png;
    bool operator==(Cover const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Cover, (Page), (format))

struct Tree {
    int value = 0;
    std::vector<Tree> children;
    bool operator==(Tree const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Tree, (), (value, children))

// plain, positional
int add(int a, int b);
COHORT_JOB(add);

// plain, named, with a default
std::string greet(std::string_view who, std::string greeting = "hello");
COHORT_JOB(greet, .name = "text.greet", .aliases = "hello.greet, greet", .version = 2,
           .params = "who, greeting", .timeout = 30s, .max_retries = 5);

// coroutine, with a context
cohort::awaitable<int> render(cohort::Context& context, Page page, Format format);
COHORT_JOB(render, .params = "page, format", .queue = "gpu", .timeout = 5min);

// quick
int twice(int x);
COHORT_JOB(twice, .quick = true);

// nothing to take, nothing to give
void touch();
COHORT_JOB(touch);
cohort::awaitable<void> touch_later();
COHORT_JOB(touch_later);

// by reference, as views, and defaults at the end
std::size_t measure(Page const& page, std::span<int const> extra, std::optional<std::string> note,
                    int factor = 1, std::vector<int> more = {1, 2});
COHORT_JOB(measure, .params = "page, extra, note, factor, more");
std::size_t measure_positional(Page const& page, std::span<int const> extra, std::optional<std::string> note,
                               int factor = 1);
COHORT_JOB(measure_positional);

// an rvalue, and a result by reference
std::string const& keep(std::string&& text);
COHORT_JOB(keep);

// a coroutine whose views live as long as it
cohort::awaitable<std::string> joined(std::vector<std::string_view> words, std::string_view separator);
COHORT_JOB(joined);

// overloads and template instances
int resize(int percent);
int resize(int w, int h);
COHORT_JOB_AS(resize_percent, cohort::overload<int(int)>(resize));
COHORT_JOB_AS(resize_px, cohort::overload<int(int, int)>(resize), .name = "img.resize_px", .params = "w, h");
template<class T>
T scale(T x, T k) {
    return x * k;
}
COHORT_JOB_AS(scale_double, &scale<double>);
COHORT_JOB_AS(negate, [](int x) { return -x; });

// results that cannot travel
double divide(double a, double b);
COHORT_JOB(divide);
std::string repeat(std::string text, std::size_t count);
COHORT_JOB(repeat);
char const* say(bool anything);
COHORT_JOB(say);

// any argument of these types, as it is
std::map<std::string, std::map<std::string, std::string>> nest(std::string one, std::string two);
COHORT_JOB(nest);
std::int64_t echo(std::int64_t value) noexcept;
COHORT_JOB(echo);

}  // namespace sample

namespace elsewhere {
COHORT_JOB_AS(add_here, &sample::add);
}
