# SPDX-License-Identifier: MIT
"""Finds the uses of co_await that some compiler gets wrong. docs/compilers.md explains each rule to users.

    co_await_lint.py [FILE or FOLDER]…    checks (default: framework examples tests benchmarks)
    co_await_lint.py --self-test
"""
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import cpp

RULES = {
    "condition": "co_await in the condition of {0}: give the result a name before the {0}",
    "choice": "co_await and ?: in one statement: use if and else",
    "braces": "co_await and a braced value in one statement: name the value first",
    "capture": "co_await and a lambda that owns a capture in one statement: name the lambda first",
    "nested": "co_await inside another expression's brackets: give the result a name first",
    "binding": "a structured binding taken from co_await: name the whole result, then bind to it",
}
# enqueue_job<f>({.delay = 5s}, …), enqueue_named(name, json, {.delay = 5s}): options are trivially destructible, which
# every compiler gets right.
TAKES_OPTIONS = re.compile(r"(enqueue\w*|call)$")


def takes_options(nodes, at):
    """Whether the ( at this index belongs to a call that takes options."""
    i, depth = at - 1, 0
    while i >= 0 and (depth or nodes[i].text == ">"):  # back over <template arguments>
        depth += {">": 1, "<": -1}.get(nodes[i].text, 0)
        i -= 1
    return i >= 0 and isinstance(nodes[i], cpp.Tok) and TAKES_OPTIONS.match(nodes[i].text)


def owns(captures):
    for capture in cpp.split(captures, ","):
        words = cpp.texts(capture)
        if words and words[0] != "&" and words != ["this"]:
            return True
    return False


class Findings:
    def __init__(self):
        self.awaits = []  # (line, depth of brackets)
        self.rules = []   # (rule, line), which count only beside a co_await

    def walk(self, nodes, depth, in_options_call=False):
        for i, node in enumerate(nodes):
            if isinstance(node, cpp.Lambda):
                if owns(node.captures):
                    self.rules.append(("capture", node.line))
            elif isinstance(node, cpp.Tok):
                if node.text == "co_await":
                    self.awaits.append((node.line, depth))
                elif node.text == "?":
                    self.rules.append(("choice", node.line))
            else:
                if node.open == "{" and not (in_options_call and is_options(node, i == 0)):
                    self.rules.append(("braces", node.line))
                self.walk(node.nodes, depth + 1, node.open == "(" and takes_options(nodes, i))


def is_options(braces, is_first):
    """{.name = …}, or {} where options stand."""
    return braces.nodes[0].text == "." if braces.nodes else is_first


def faults(expression):
    """(rule, line) for each rule that one full expression breaks."""
    found = Findings()
    found.walk(expression.nodes, 0)
    if not found.awaits:
        return []
    line, _ = found.awaits[0]
    result = []
    if expression.condition:
        result.append(("condition", line))
    result += found.rules
    if not any(rule == "braces" for rule, _ in found.rules):
        result += [("nested", at) for at, depth in found.awaits if depth]
    words = cpp.texts(expression.nodes)
    if "[" in words and words[0] in ("auto", "const") and "auto" in words[:words.index("[")] and (
            "co_await" in words[words.index("["):]) and words[words.index("[") - 1] in ("auto", "const", "&", "&&"):
        result.append(("binding", line))
    return list(dict.fromkeys(result))


def check(text):
    """(line, rule, message) for each fault of one source text."""
    for expression in cpp.expressions(cpp.read(text)):
        for rule, line in faults(expression):
            yield line, rule, RULES[rule].format(expression.condition)


def files(arguments):
    for argument in arguments:
        path = Path(argument)
        yield from [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.suffix in (".cpp", ".hpp"))


def main(arguments):
    if arguments == ["--self-test"]:
        import co_await_lint_self_test
        return co_await_lint_self_test.run(check)
    root = Path(__file__).resolve().parents[2]
    bad = checked = 0
    for path in files(arguments or [root / d for d in ("framework", "examples", "tests", "benchmarks")]):
        text = path.read_text(encoding="utf-8")
        checked += 1
        if "co_await" not in text:
            continue
        try:
            found = sorted(check(text))
        except ValueError as error:
            found = [(str(error).split(":")[0], "parse", f"cannot read this file: {error}")]
        lines = text.split("\n")
        for line, rule, message in found:
            bad += 1
            print(f"{path}:{line}: {rule}: {message}\n    {lines[int(line) - 1].strip()}")
    print(f"{checked} files, {bad} faults")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
