// SPDX-License-Identifier: MIT
// A chain is two lists and a position; each step makes the Next of the step after it.
#include "job/chain.hpp"

namespace cohort {

struct detail::Chain {
    std::span<Decorator const> outer;
    std::span<Decorator const> inner;
    Context& context;
    ChainBody const& body;

    awaitable<void> step(std::size_t at) const {
        Next const next{*this, at + 1};
        if (at < outer.size()) return outer[at](context, next);
        if (at - outer.size() < inner.size()) return inner[at - outer.size()](context, next);
        return body(context);
    }
};

awaitable<void> Next::operator()() const {
    return chain_->step(at_);
}

namespace {

awaitable<void> run_decorated(detail::Chain chain) {
    co_await chain.step(0);
}

}  // namespace

awaitable<void> run_chain(std::span<Decorator const> outer, std::span<Decorator const> inner,
                          Context& context, ChainBody const& body) {
    if (outer.empty() && inner.empty()) return body(context);
    detail::Chain const chain{outer, inner, context, body};
    return run_decorated(chain);
}

}  // namespace cohort
