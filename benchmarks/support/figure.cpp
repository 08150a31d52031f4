// SPDX-License-Identifier: MIT
#include "support/figure.hpp"

#include "jobs.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

namespace bench {

namespace {

using Value = std::optional<double>;

class Object {
public:
    void add(std::string const& name, std::string const& json) {
        text_ += (text_.empty() ? "{\"" : ", \"") + name + "\": " + json;
    }
    void text(std::string const& name, std::string const& value) {
        add(name, value.empty() ? "null" : "\"" + value + "\"");  // our own words: nothing to escape
    }
    void value(std::string const& name, Value value, int digits = 2) {
        if (!value || !std::isfinite(*value)) return add(name, "null");
        char buffer[64];
        std::snprintf(buffer, sizeof buffer, "%.*f", digits, *value);
        add(name, buffer);
    }
    std::string json() const { return text_ + "}"; }

private:
    std::string text_;
};

// Of those that exist; the lower one of an even number.
Value median(std::vector<Value> const& values) {
    std::vector<double> present;
    for (auto const& value : values) {
        if (value) present.push_back(*value);
    }
    if (present.empty()) return std::nullopt;
    std::ranges::sort(present);
    return present[(present.size() - 1) / 2];
}

template<class F>
std::vector<Value> each(std::vector<Sample> const& samples, F const& f) {
    std::vector<Value> values;
    for (auto const& sample : samples)
        values.push_back(f(sample));
    return values;
}

// A sample without jobs has figures per second instead of per job.
double per(Sample const& sample) {
    return sample.jobs > 0 ? static_cast<double>(sample.jobs) : sample.seconds;
}

Value per_second(Sample const& s) {
    return s.jobs > 0 ? Value{s.per_second()} : std::nullopt;
}

Value cpu(std::optional<Usage> const& usage, Sample const& s) {
    return usage ? Value{usage->cpu_us / per(s)} : std::nullopt;
}

Value allocations(Sample const& s) {
    std::uint64_t sum = 0;
    if (s.client) sum += s.client->allocations;
    if (s.worker) sum += s.worker->allocations;
    return static_cast<double>(sum) / per(s);
}

// Of the worker, or where there is none of the client.
Value rss(Sample const& s) {
    if (s.worker) return s.worker->rss_mib;
    return s.client ? Value{s.client->rss_mib} : std::nullopt;
}

void add_figures(Object& object, std::vector<Sample> const& samples, std::uint32_t batch) {
    auto const of = [&](auto const& f) { return median(each(samples, f)); };
    auto const rates = each(samples, per_second);
    object.value("jobs", of([](Sample const& s) -> Value { return static_cast<double>(s.jobs); }), 0);
    object.value("per_second", median(rates), 1);
    object.value("per_second_lowest", rates.empty() ? std::nullopt : *std::ranges::min_element(rates), 1);
    object.value("per_second_highest", rates.empty() ? std::nullopt : *std::ranges::max_element(rates), 1);
    object.value("client_us", of([](Sample const& s) { return cpu(s.client, s); }));
    object.value("worker_us", of([](Sample const& s) { return cpu(s.worker, s); }));
    object.value("server_us", of([](Sample const& s) {
                     return s.server_us ? Value{*s.server_us / per(s)} : std::nullopt;
                 }));
    object.value("p50_us", of([](Sample const& s) { return s.p50_us; }));
    object.value("p99_us", of([](Sample const& s) { return s.p99_us; }));
    object.value("rss_mib", of(rss));
    object.value("allocations", of(allocations));
    object.value("seconds", of([](Sample const& s) -> Value { return s.seconds; }));
    object.value("runs", static_cast<double>(samples.size()), 0);
    object.value("batch", batch, 0);
    object.value("others", of([](Sample const& s) -> Value { return s.others; }));
}

// The median over the runs of ours to the raw one that was measured beside it.
template<class F>
Value ratio(Figure const& figure, F const& f) {
    std::vector<Value> ratios;
    for (std::size_t i = 0; i < std::min(figure.ours.size(), figure.raw.size()); ++i) {
        Value const ours = f(figure.ours[i]);
        Value const raw = f(figure.raw[i]);
        if (ours && raw && *raw > 0) ratios.push_back(*ours / *raw);
    }
    return median(ratios);
}

Value p50(Sample const& s) {
    return s.p50_us;
}

}  // namespace

std::string to_json(Figure const& figure) {
    Object object;
    object.text("broker", figure.what.broker);
    object.text("question", figure.what.question);
    object.text("durability", figure.what.durability);
    object.text("body", figure.what.body);
    object.value("concurrency", figure.what.concurrency, 0);
    object.value("record_bytes", argument_bytes, 0);
    add_figures(object, figure.ours, figure.what.batch);
    object.value("per_second_of_raw", ratio(figure, per_second), 3);
    object.value("p50_of_raw", ratio(figure, p50), 3);
    if (figure.raw.empty()) {
        object.add("raw", "null");
    } else {
        Object raw;
        raw.value("concurrency", figure.what.concurrency, 0);
        raw.value("record_bytes", argument_bytes, 0);
        add_figures(raw, figure.raw, figure.raw_batch);
        object.add("raw", raw.json());
    }
    return object.json();
}

std::string to_text(Figure const& figure) {
    auto const rate = [](std::vector<Sample> const& samples) {
        return median(each(samples, per_second)).value_or(0);
    };
    char line[256];
    std::snprintf(line, sizeof line,
                  "%-8s %-7s %-13s %-10s %12.0f/s, raw %12.0f/s; p50 %10.1f us, raw %10.1f us",
                  figure.what.broker.c_str(), figure.what.durability.c_str(), figure.what.question.c_str(),
                  figure.what.body.c_str(), rate(figure.ours), rate(figure.raw),
                  median(each(figure.ours, p50)).value_or(0), median(each(figure.raw, p50)).value_or(0));
    return line;
}

}  // namespace bench
