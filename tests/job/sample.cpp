// SPDX-License-Identifier: MIT
// The bodies of the sample jobs.
#include "sample.hpp"

#include <cohort/register.hpp>

namespace sample {

int add(int a, int b) {
    return a + b;
}
std::string greet(std::string_view who, std::string greeting) {
    return greeting + " " + std::string{who};
}

cohort::awaitable<int> render(cohort::Context& context, Page page, Format format) {
    context.note("rendering");
    co_return static_cast<int>(page.colors.size()) * 10 + static_cast<int>(format);
}

int twice(int x) {
    return 2 * x;
}
void touch() {}
cohort::awaitable<void> touch_later() {
    co_return;
}

std::size_t measure_positional(Page const& page, std::span<int const> extra, std::optional<std::string> note,
                               int factor) {
    return (page.title.size() + extra.size() * 100 + note.value_or("").size() * 10) *
           static_cast<std::size_t>(factor);
}
std::size_t measure(Page const& page, std::span<int const> extra, std::optional<std::string> note, int factor,
                    std::vector<int> more) {
    return measure_positional(page, extra, note, factor) + more.size();
}

std::string const& keep(std::string&& text) {
    thread_local std::string kept;
    kept = std::move(text);
    return kept;
}

cohort::awaitable<std::string> joined(std::vector<std::string_view> words, std::string_view separator) {
    co_await touch_later();
    std::string all;
    for (std::string_view const word : words) {
        if (!all.empty()) all += separator;
        all += word;
    }
    co_return all;
}

int resize(int percent) {
    return percent;
}
int resize(int w, int h) {
    return w * h;
}

double divide(double a, double b) {
    return a / b;
}
std::string repeat(std::string text, std::size_t count) {
    std::string all;
    while (count-- > 0)
        all += text;
    return all;
}
char const* say(bool anything) {
    return anything ? "something" : nullptr;
}

std::map<std::string, std::map<std::string, std::string>> nest(std::string one, std::string two) {
    return {{one, {{two, "three"}}}};
}
std::int64_t echo(std::int64_t value) noexcept {
    return value;
}

}  // namespace sample

COHORT_REGISTER(sample::add);
COHORT_REGISTER(sample::greet, cohort::timed(), cohort::retry_on<std::runtime_error>(10s));
COHORT_REGISTER(sample::render, cohort::logged());
COHORT_REGISTER(sample::resize_px);
namespace sample {
COHORT_REGISTER(scale_double);
}
