# SPDX-License-Identifier: MIT
"""What the co_await lint must find, and what it must let pass. Each snippet is the body of a coroutine."""

GOOD = r"""
int n = co_await f(x);
---
bool const ok = co_await f(); if (ok) return;
---
if (bool ok = co_await f(); ok) g();
---
for (auto& x : co_await f()) g(x);
---
for (int i = co_await first(); i < 3; ++i) g(i);
---
co_await f(std::move(p), "text { ? (co_await", g(a, b)[3]);
---
auto op = f(Person{"Bob", 3}); co_await std::move(op);
---
auto job = co_await client.enqueue_job<shop::price>({.delay = 10s, .priority = 7}, order);
---
auto job = co_await client.enqueue_job<add>({}, 2, 3);
---
auto sum = co_await ctx.call<shop::add<int>>({.queue = "mail"}, 1);
---
auto raw = co_await client.enqueue_named("a.b", R"({"who":"al"})", {.queue = "hi"});
---
co_await run([&x] { if (x) { T y{1, 2}; g(y); } });
---
co_await run([this, &x](int a) mutable noexcept -> awaitable<void> { co_await x; co_return; });
---
auto task = [k]() -> awaitable<int> { int const n = co_await f(k); co_return n; }; co_await run(task);
---
std::vector<int> v{1, 2, 3}; if (v.empty() ? a : b) { co_await f(v); }
---
co_return co_await f(x);
---
std::string s = "a" + co_await f();
---
switch (x) { case A::b: co_await f(); break; default: co_await g(); }
---
do { co_await f(); } while (x ? y : z);
---
try { co_await f(); } catch (Error const& e) { g(e); }
---
SECTION("one") { co_await f(); } SECTION("two") { int n = co_await g(); CHECK(n == 1); }
---
ASYNC("one", { co_await f(); int n = co_await g(); });
---
struct Local { int a{1}; awaitable<void> go() { co_await f(a); } }; co_await Local(3).go();
---
// co_await f({1})
/* if (co_await f()) */
auto text = R"x(if (co_await f({1}))x"; char c = '{';
---
auto whole = co_await f(); auto const& [a, b] = whole;
---
int const rows[] = {1, 2}; co_await f(rows[0], m["a"][1]);
---
#if defined(X)
co_await f();
#else
if (co_await f({1})) {
#endif
---
for (;;) { auto x = co_await f(); if (!x) break; }
---
if constexpr (requires { typename T::x; }) { co_await f(); }
---
(void)co_await f();
---
std::ignore = co_await f(1'000'000);
---
auto x = a < b; co_await f(x);
"""

BAD = r"""
condition: if (co_await f()) g();
---
condition: while (co_await f() == 1) { g(); }
---
condition: switch (co_await f()) { default: break; }
---
condition: do { g(); } while (co_await f());
---
condition: for (int i = 0; co_await f(i); ++i) {}
---
condition: if (int a = 1; co_await f(a)) {}
---
condition: if (x) {} else if (co_await f()) {}
---
condition: if (auto x = co_await f()) {}
---
choice: int n = c ? co_await f() : 0;
---
choice: co_await g(c ? a : b);
---
braces: co_await f(Person{"Bob", 3});
---
braces: co_await f({"a", "b"});
---
braces: Agg a{co_await x(), 1};
---
braces: v.push_back({co_await x(), 1});
---
braces: co_return Agg{co_await x(), 1};
---
braces: auto job = co_await client.enqueue_job<f>({.delay = 1s}, Person{"Bob", 3});
---
braces: co_await other({.delay = 1s});
---
braces: auto job = co_await client.enqueue_job<f>(1, {});
---
braces: auto job = co_await client.enqueue_job<f>({.id = {a, b}}, 1);
---
braces: int const rows[] = {1, co_await f()};
---
braces: for (auto x : co_await f(P{1})) {}
---
capture: co_await f([k] { g(k); });
---
capture: co_await f([=] { g(k); });
---
capture: co_await f([&, k = std::move(k)] { g(k); });
---
capture: co_await f([*this] { g(); });
---
nested: co_await f(co_await g());
---
nested: h(co_await g());
---
nested: int n = (co_await g()).size();
---
nested: CHECK(co_await g() == 1);
---
nested: int n = table[co_await g()];
---
binding: auto [a, b] = co_await f();
---
binding: auto const& [a, b] = co_await f();
---
braces: co_await run([&] { int z = 0; use(z); }, P{1});
---
braces: auto task = [&]() -> awaitable<void> { co_await f(P{1}); };
---
condition: run([&]() -> awaitable<void> { if (co_await f()) co_return; });
---
condition: ASYNC("one", { co_await f(); if (co_await g()) h(); });
---
condition: SECTION("two") { if (co_await f()) g(); }
"""

FRAMES = [
    "awaitable<void> body(int x) {\n%s\n}",
    "namespace a { template<class T, class U = std::less<>> class C : public B<T> {\npublic:\n"
    "    C() : a_{1}, b_(2) {}\n    bool operator==(C const&) const = default;\n    static constexpr int t[] = {1, 2};\n"
    "    awaitable<T> body() const noexcept {\n%s\n}\n    std::function<void()> f_{[] {}};\n    enum class E : int { a, b };\n};\n}",
    "TEST_CASE(\"x\", \"[y]\") {\nSECTION(\"z\") {\n%s\n}\n}\nauto const g = [](int x) -> int { return x; };\nint h() { return 1; }",
]


def run(check):
    failed = 0
    for frame in FRAMES:
        for snippet in GOOD.strip().split("\n---\n"):
            found = [rule for _, rule, _ in check(frame % snippet)]
            if found:
                failed += 1
                print(f"must pass, but {found}:\n{snippet}")
        for case in BAD.strip().split("\n---\n"):
            rule, snippet = case.split(": ", 1)
            found = {r for _, r, _ in check(frame % snippet)}
            if found != {rule}:
                failed += 1
                print(f"must be {rule}, but {found or 'passed'}:\n{snippet}")
    print("co_await lint self-test:", f"{failed} failed" if failed else "all as expected")
    return 1 if failed else 0
